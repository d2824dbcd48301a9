// What @digitalbazaar/vc says of a badge and of its status list.
import {contexts as credentialContexts} from '@digitalbazaar/credentials-context';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as vc from '@digitalbazaar/vc';
import {checkStatus} from '@digitalbazaar/vc-bitstring-status-list';
import {answerEach, reason} from './cases.mjs';

await answerEach(async ({badge, web, now}) => {
  const documentLoader = loader(web);
  const suite = new DataIntegrityProof({cryptosuite});
  const at = new Date(now);
  const noStatus = async () => ({verified: true});
  const result = await vc.verifyCredential({
    credential: badge, suite, documentLoader, checkStatus: noStatus, now: at
  });
  const status = await checkStatus({
    credential: badge, suite, documentLoader, verifyMatchingIssuers: true
  });
  const listResult = await vc.verifyCredential({
    credential: web[badge.credentialStatus.statusListCredential], suite, documentLoader, now: at
  });
  return {
    badge: result.verified,
    list: listResult.verified,
    isRevoked: status.verified ? status.results[0].status : null,
    reasons: [result.error, status.error, listResult.error].map(reason)
  };
});

function loader(web) {
  return async address => {
    const document = credentialContexts.get(address) ?? web[address] ?? method(web, address);
    if (!document) {
      throw new Error(`nothing is served at ${address}`);
    }
    return {contextUrl: null, documentUrl: address, document};
  };
}

// did:web is resolved here: the address of the document, then the key within it.
function method(web, address) {
  const [did, fragment] = address.split('#');
  if (!did.startsWith('did:web:')) {
    return null;
  }
  const [host, ...path] = did.slice('did:web:'.length).split(':').map(decodeURIComponent);
  const document = web[`https://${[host, ...(path.length ? path : ['.well-known'])].join('/')}/did.json`];
  if (!document || !fragment) {
    return document;
  }
  const found = document.verificationMethod.find(({id}) => id === address);
  return found && {'@context': document['@context'].at(-1), ...found};
}
