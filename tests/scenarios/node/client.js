// A client that shares no code with the mesh: npm's @grpc/grpc-js, given what `psm env` prints. Asks for hanako's tax status as
// akatsuki/benefits, tries what is not agreed, and prints one JSON line of what came back.
'use strict';
const fs = require('fs');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const { PSM_GATEWAY, PSM_CA, PSM_CERT, PSM_KEY, PSM_PROTOS, PSM_SUBJECT } = process.env;

const definition = loader.loadSync(['psm/tax/v1/tax.proto', 'psm/accounts/v1/accounts.proto'], {
  includeDirs: [PSM_PROTOS, '/usr/include'], keepCase: true, longs: Number, enums: String, defaults: true,
});
const { tax, accounts } = grpc.loadPackageDefinition(definition).psm;
const credentials = grpc.credentials.createSsl(
  fs.readFileSync(PSM_CA), fs.readFileSync(PSM_KEY), fs.readFileSync(PSM_CERT));

// Resolves with what one call brought: { code, details, exchange, answer }.
function call(client, method, request, fields) {
  const metadata = new grpc.Metadata();
  for (const [key, value] of Object.entries(fields)) metadata.set(key, value);
  return new Promise((resolve) => {
    const outcome = {};
    const pending = client[method](request, metadata, { deadline: Date.now() + 10000 }, (error, answer) => {
      outcome.answer = answer;
    });
    pending.on('status', (status) => {
      outcome.code = status.code;
      outcome.details = status.details;
      outcome.exchange = (status.metadata.get('psm-exchange-id')[0] || '').toString();
      // google.rpc.Status with an ErrorInfo: any client can decode it; the reason is plain text in it.
      outcome.hasDetails = status.metadata.get('grpc-status-details-bin').length === 1;
      setImmediate(() => resolve(outcome));
    });
  });
}

async function main() {
  const taxOffice = new tax.v1.TaxService(PSM_GATEWAY, credentials);
  const registry = new accounts.v1.AccountsService(PSM_GATEWAY, credentials);
  const subject = { subject: PSM_SUBJECT };
  const affair = { 'psm-affair': 'benefit-tax-exempt', 'psm-provider': 'yunagi/tax' };
  const good = await call(taxOffice, 'GetTaxStatus', subject, affair);
  const many = await Promise.all(Array.from({ length: 50 }, () => call(taxOffice, 'GetTaxStatus', subject, affair)));
  const refused = await call(registry, 'GetAccount', subject, { 'psm-affair': 'collect-arrears' });
  const forged = await call(taxOffice, 'GetTaxStatus', { subject: 'a'.repeat(26) }, affair);
  console.log(JSON.stringify({ good, refused, forged, answered: many.filter((one) => one.code === 0).length }));
  taxOffice.close();
  registry.close();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
