#!/usr/bin/env node
// An agency's service that shares no code with the mesh: npm's @grpc/grpc-js, started by `psm up` like any other, with
// --system AGENCY/SYSTEM --run FOLDER [--port N]. Serves psm.interop.v1.InteropService (tests/scenarios/protos) as raw bytes.
'use strict';
const fs = require('fs');
const path = require('path');
const grpc = require(path.join(__dirname, '../../npm/node_modules/@grpc/grpc-js'));

const flags = new Map();
for (let i = 2; i < process.argv.length; i += 2) flags.set(process.argv[i], process.argv[i + 1]);
const system = flags.get('--system');
const run = flags.get('--run');
const endpoint = path.join(run, 'endpoints', system);

const SERVICE = 'psm.interop.v1.InteropService';
const METHODS = ['Echo', 'Squeeze', 'Count', 'Fan', 'Early', 'Fail', 'FailAtLength', 'Never'];

// Repeats what the client asked to have repeated; the trailing part goes out with the end.
function repeat(call) {
  const initial = new grpc.Metadata();
  const trailing = new grpc.Metadata();
  for (const value of call.metadata.get('x-initial')) initial.add('x-initial', value);
  for (const value of call.metadata.get('x-trailing-bin')) trailing.add('x-trailing-bin', value);
  call.sendMetadata(initial);
  return trailing;
}

function echo(call) {
  const trailing = repeat(call);
  call.on('data', (message) => {
    if (!call.write(message)) {
      call.pause();
      call.once('drain', () => call.resume());
    }
  });
  call.on('end', () => call.end(trailing));
}

const implementation = {
  Echo: echo,
  Squeeze: echo,
  Count(call) {
    const trailing = repeat(call);
    let counted = 0;
    call.on('data', (message) => { counted += message.length; });
    call.on('end', () => {
      call.write(Buffer.from(String(counted)));
      call.end(trailing);
    });
  },
  Fan(call) {
    const trailing = repeat(call);
    call.on('data', (message) => {
      for (const size of message.toString().split(',')) call.write(Buffer.alloc(Number(size), 'f'));
    });
    call.on('end', () => call.end(trailing));
  },
  Early(call) {
    const trailing = repeat(call);
    call.once('data', (message) => {
      call.write(message);
      call.end(trailing);
    });
  },
  Fail(call) {
    const trailing = new grpc.Metadata();
    trailing.set('x-trailing', 'failed');
    trailing.set('grpc-status-details-bin', Buffer.from([8, 9, 18, 1, 110]));  // google.rpc.Status
    call.emit('error', {
      code: grpc.status.FAILED_PRECONDITION, details: '\t\ntest with whitespace\r\n and 否 ☺', metadata: trailing,
    });
  },
  FailAtLength(call) {
    call.emit('error', {code: grpc.status.ABORTED, details: '否'.repeat(700)});
  },
  Never(call) {
    call.on('data', () => {});
    call.on('cancelled', () => call.end());
  },
};

const same = (bytes) => bytes;
const definition = {};
for (const name of METHODS) {
  definition[name] = {
    path: `/${SERVICE}/${name}`, requestStream: true, responseStream: true,
    requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same,
  };
}

const pki = path.join(run, 'pki');
const own = path.join(pki, 'systems', system);
// Whoever holds a certificate of the mesh gets in: who may call is tried elsewhere.
const credentials = grpc.ServerCredentials.createSsl(fs.readFileSync(path.join(pki, 'trust.pem')), [
  { private_key: fs.readFileSync(path.join(own, 'key.pem')), cert_chain: fs.readFileSync(path.join(own, 'chain.pem')) },
], true);
const server = new grpc.Server({ 'grpc.max_receive_message_length': 16 << 20 });
server.addService(definition, implementation);
server.bindAsync(`127.0.0.1:${flags.get('--port') || 0}`, credentials, (error, port) => {
  if (error) throw error;
  fs.mkdirSync(path.dirname(endpoint), { recursive: true });
  fs.writeFileSync(`${endpoint}.new`, `127.0.0.1:${port}\n`);
  fs.renameSync(`${endpoint}.new`, endpoint);
});
process.on('SIGTERM', () => {
  fs.rmSync(endpoint, { force: true });
  server.forceShutdown();
});
