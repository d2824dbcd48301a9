// Cases come as JSON on standard input: [{name, badge, now, web: {address: document}}]; the answers
// go as JSON to standard output. The network is the case's own `web`; anything else is refused.
import {text} from 'node:stream/consumers';
import {inspect} from 'node:util';

export async function answerEach(judge) {
  const say = process.stdout.write.bind(process.stdout);
  console.log = console.info = console.error;
  const answers = {};
  for (const each of JSON.parse(await text(process.stdin))) {
    globalThis.fetch = async request => served(each.web, String(request.url ?? request));
    answers[each.name] = await judge(each);
  }
  say(JSON.stringify(answers));
}

function served(web, address) {
  if (!Object.hasOwn(web, address)) {
    throw new TypeError(`nothing is served at ${address}`);
  }
  const headers = {'Content-Type': 'application/json'};
  const response = new Response(JSON.stringify(web[address]), {status: 200, headers});
  Object.defineProperty(response, 'url', {value: address});
  return response;
}

export function reason(error) {
  return error ? inspect(error, {depth: 4, breakLength: Infinity}) : null;
}
