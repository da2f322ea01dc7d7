import { FrameReader } from '../../../src/kafka/wire/frames';

function framed(...bodies: Buffer[]): Buffer {
  const size = (body: Buffer) => {
    const head = Buffer.alloc(4);
    head.writeInt32BE(body.length);
    return head;
  };
  return Buffer.concat(bodies.flatMap((body) => [size(body), body]));
}

const bodies = [Buffer.from('four'), Buffer.alloc(1000, 1), Buffer.from('five!'), Buffer.alloc(77, 2)];

test.each([1, 2, 3, 5, 7, 64, 1003, 5000])('messages in chunks of %d bytes', (chunk) => {
  const stream = framed(...bodies);
  const frames: Buffer[] = [];
  const reader = new FrameReader((frame) => frames.push(Buffer.from(frame)));
  for (let at = 0; at < stream.length; at += chunk) reader.push(stream.subarray(at, at + chunk));
  expect(frames).toEqual(bodies);
});

test('a message within one chunk is a view of it', () => {
  const stream = framed(Buffer.from('within'));
  const frames: Buffer[] = [];
  new FrameReader((frame) => frames.push(frame)).push(stream);
  expect(frames[0]!.buffer).toBe(stream.buffer);
});

test.each([-1, 0, 3, 0x48545450])('a message of %d bytes is refused', (size) => {
  const stream = Buffer.alloc(4);
  stream.writeInt32BE(size);
  expect(() => new FrameReader(() => undefined).push(stream)).toThrow(`${size} bytes was announced`);
});
