// What @digitalcredentials/verifier-core, the verifier inside wallets, says of a badge.
import {verifyCredential} from '@digitalcredentials/verifier-core';
import {answerEach} from './cases.mjs';

await answerEach(async ({badge}) => {
  const result = await verifyCredential({credential: badge, knownDIDRegistries: []});
  const steps = (result.log ?? []).map(({id, valid, error}) => [id, error ? error.name : valid]);
  return {
    steps: Object.fromEntries(steps),
    errors: (result.errors ?? []).map(({name, message}) => `${name}: ${message}`)
  };
});
