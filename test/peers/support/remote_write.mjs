// What a remote-write sender sends: protobuf by hand, in Snappy's block format with literals alone.
export const STALE = Buffer.from([2, 0, 0, 0, 0, 0, 0xf0, 0x7f]); // the NaN that ends a series

const HEADERS = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy', 'x-prometheus-remote-write-version': '0.1.0' };

function varint(number) {
  const bytes = [];
  let rest = BigInt.asUintN(64, BigInt(number));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}

export function packed(bytes) {
  const pieces = [varint(bytes.length)];
  for (let at = 0; at < bytes.length; at += 65536) {
    const piece = bytes.subarray(at, at + 65536);
    pieces.push(Buffer.from([61 << 2, (piece.length - 1) & 255, (piece.length - 1) >> 8]), piece);
  }
  return Buffer.concat(pieces);
}

export const field = (number, ...parts) => {
  const bytes = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(bytes.length), bytes]);
};

const label = ([name, value]) => field(1, field(1, Buffer.from(name)), field(2, Buffer.from(value)));

// A sample is [ms, number], or [ms, STALE].
function sample([atMs, value]) {
  const bytes = Buffer.alloc(8);
  if (Buffer.isBuffer(value)) value.copy(bytes);
  else bytes.writeDoubleLE(value);
  return field(2, Buffer.from([9]), bytes, Buffer.from([16]), varint(atMs));
}

// {labels: {__name__: …}, samples: [[ms, number], …]} each; samples of a series in the order of their times.
export async function remoteWrite(base, series) {
  const sorted = (labels) => Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  const body = packed(Buffer.concat(series.map(({ labels, samples }) => field(1, ...sorted(labels).map(label), ...samples.map(sample)))));
  const answer = await fetch(`${base}/api/v1/write`, { method: 'POST', headers: HEADERS, body });
  if (answer.status !== 204) throw new Error(`remote write: ${answer.status} ${await answer.text()}`);
}
