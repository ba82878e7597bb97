// Plays gRPC's interoperability cases with npm's @grpc/grpc-js against PSM_TARGET and prints what it saw of each as one JSON object of
// transcripts. PSM_METADATA (JSON) goes along with each call.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const grpc = require(path.join(__dirname, '../../npm/node_modules/@grpc/grpc-js'));

const { PSM_TARGET, PSM_CA, PSM_CERT, PSM_KEY, PSM_METADATA } = process.env;
const SERVICE = 'psm.interop.v1.InteropService';
const credentials = grpc.credentials.createSsl(
  fs.readFileSync(PSM_CA), fs.readFileSync(PSM_KEY), fs.readFileSync(PSM_CERT),
  // An agency's certificate names it by URI alone: asked directly, it has no name that a stock client looks for.
  { checkServerIdentity: () => undefined });
const GZIP = grpc.compressionAlgorithms.gzip;
const limits = { 'grpc.max_receive_message_length': 16 << 20, 'grpc.enable_retries': 0 };
const plain = new grpc.Client(PSM_TARGET, credentials, limits);
const pinging = new grpc.Client(PSM_TARGET, credentials, {
  ...limits, 'grpc.keepalive_time_ms': 100, 'grpc.keepalive_timeout_ms': 1000, 'grpc.keepalive_permit_without_calls': 1,
});
const squeezing = new grpc.Client(PSM_TARGET, credentials, { ...limits, 'grpc.default_compression_algorithm': GZIP });
const same = (bytes) => bytes;

// One call: `act(call)` writes and cancels; `answered(call, count)` hears of each message. Resolves with the transcript.
function play(method, act, { client = plain, fields = {}, timeout = 10000, answered = () => {}, codeAlone = false } = {}) {
  const metadata = new grpc.Metadata();
  for (const [key, value] of Object.entries({ ...JSON.parse(PSM_METADATA), ...fields })) metadata.set(key, value);
  const name = method.includes('/') ? method : `/${SERVICE}/${method}`;
  return new Promise((resolve) => {
    const lines = [];
    const note = (kind, from) => {
      for (const [key, value] of Object.entries(from.getMap())) {
        if (key.startsWith('x-')) lines.push(`${kind} ${key} ${Buffer.from(value).toString('hex')}`);
      }
    };
    let count = 0;
    const call = client.makeBidiStreamRequest(name, same, same, metadata, { deadline: Date.now() + timeout });
    call.on('metadata', (initial) => note('initial', initial));
    call.on('data', (message) => {
      lines.push(`message of ${message.length} ${crypto.createHash('sha256').update(message).digest('hex')}`);
      answered(call, ++count);
    });
    call.on('error', () => {});
    call.on('status', (status) => {
      if (codeAlone || status.code === grpc.status.DEADLINE_EXCEEDED) {
        lines.push(`status ${status.code}`);  // either side may be the first to say it, in its own words
      } else {
        const text = Buffer.from(status.details).toString('hex');
        const details = status.metadata.get('grpc-status-details-bin').map((value) => value.toString('hex'));
        lines.push(`status ${status.code} ${text} ${details}`);
      }
      note('trailing', status.metadata);
      setImmediate(() => resolve(lines.join('\n')));
    });
    act(call);
  });
}

const send = (...messages) => (call) => {
  for (const message of messages) call.write(Buffer.from(message));
  call.end();
};

// gRPC's soak tests: as many calls with a large message each, on whatever `client` gives for each of them.
async function soak(calls, client, done = () => {}) {
  const seen = new Map();
  for (let i = 0; i < calls; ++i) {
    const used = client();
    const transcript = await play('Echo', send('s'.repeat(65536)), { client: used });
    done(used);
    seen.set(transcript, (seen.get(transcript) || 0) + 1);
  }
  return [...seen].map(([transcript, count]) => `${count} times\n${transcript}`).join('\n');
}

// Its own connection: grpc-js shares those of clients that are told the same.
const newClient = () => new grpc.Client(PSM_TARGET, credentials, { ...limits, 'grpc.use_local_subchannel_pool': 1 });

async function main() {
  const sizes = [9, 2653, 58979, 0];
  const seen = {
    emptyUnary: await play('Count', send('')),
    largeUnary: await play('Echo', send('u'.repeat(271828))),
    messageOfTheLimit: await play('Echo', send('u'.repeat(4 << 20))),
    clientStreaming: await play('Count', send(...[27182, 8, 1828, 45904].map((size) => 'c'.repeat(size)))),
    serverStreaming: await play('Fan', send('31415,9,2653,58979')),
    largeAnswers: await play('Fan', send('1000000,2000000,0,3000000,1,4000000')),
    pingPong: await play('Echo', (call) => call.write(Buffer.alloc(31415, 'p')), {
      answered: (call, count) => {
        if (count <= sizes.length) call.write(Buffer.alloc(sizes[count - 1], 'p'));
        else call.end();
      },
    }),
    emptyStream: await play('Echo', send()),
    customMetadata: await play('Echo', send('m'), {
      fields: { 'x-initial': 'test_initial_metadata_value', 'x-trailing-bin': Buffer.from([0xab, 0xab, 0xab, 0]) },
    }),
    statusCodeTextAndDetail: await play('Fail', send()),
    unimplementedMethod: await play('Nothing', send('m')),
    unimplementedService: await play('/psm.interop.v1.UnservedService/Nothing', send('m')),
    unknownService: await play('/psm.interop.v1.UnknownService/Nothing', send('m'), { codeAlone: true }),
    compressedRequests: await play('Echo', send('z'.repeat(100000), 'short'), { client: squeezing }),
    // Answers are compressed in C++ alone: grpc-js's server cannot.
    compressedAnswers: await play('Squeeze', send('z'.repeat(100000), 'short')),
    compressedBothWays: await play('Squeeze', send('z'.repeat(100000), 'short'), { client: squeezing }),
    endsWithoutWaitingForMore: await play('Early', (call) => call.write(Buffer.from('one'))),
    cancelAfterBegin: await play('Count', (call) => call.cancel()),
    cancelAfterFirstAnswer: await play('Echo', (call) => call.write(Buffer.from('one')), {
      answered: (call) => call.cancel(),
    }),
    deadlineOfOneMillisecond: await play('Never', (call) => call.write(Buffer.from('one')), { timeout: 1 }),
    keepAlive: await play('Never', (call) => call.write(Buffer.from('one')), { client: pinging, timeout: 2000 }),
    rpcSoak: await soak(200, () => plain),
    channelSoak: await soak(24, newClient, (client) => client.close()),
    deadline: await play('Never', (call) => call.write(Buffer.from('one')), { timeout: 200 }),
  };
  // grpc-js keeps the process until the deadlines of ended calls have passed.
  process.stdout.write(`${JSON.stringify(seen)}\n`, () => process.exit());
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
