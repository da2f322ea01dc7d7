import { ByteReader, ByteWriter, TruncatedError } from '../../../src/kafka/wire/bytes';

/** Every primitive, at every position at which the buffer may have to grow. */
test.each(Array.from({ length: 70 }, (_, i) => i + 1))('round trip from a buffer of %d bytes', (capacity) => {
  const writer = new ByteWriter(capacity);
  writer
    .int8(-2)
    .int16(-300)
    .int32(-70_000)
    .int64(-5)
    .int64(2 ** 53 - 1)
    .int64(-(2 ** 53 - 1))
    .int64(2n ** 40n);
  writer.boolean(true).string('grüße').nullableString(null).nullableString('x');
  writer.bytesWithSize(Buffer.from('bytes')).nullableBytes(null).raw(Buffer.from('raw'));
  writer.array([1, 2], (w, item) => w.int16(item)).setInt32(3, 42);
  const reader = new ByteReader(Buffer.from(writer.bytes()));
  expect([reader.int8(), reader.int16(), reader.int32(), reader.int64()]).toEqual([-2, -300, 42, -5]);
  expect([reader.int64(), reader.int64(), reader.int64()]).toEqual([2 ** 53 - 1, -(2 ** 53 - 1), 2 ** 40]);
  expect([reader.boolean(), reader.string(), reader.nullableString()]).toEqual([true, 'grüße', null]);
  expect(reader.nullableString()).toBe('x');
  expect(reader.bytesWithSize().toString()).toBe('bytes');
  expect(reader.nullableBytes()).toBeNull();
  expect(reader.raw(3).toString()).toBe('raw');
  expect(reader.array((r) => r.int16())).toEqual([1, 2]);
  expect(reader.remaining).toBe(0);
});

test('a reset writer begins again', () => {
  const writer = new ByteWriter(4);
  writer.string('something long');
  writer.reset();
  expect(writer.int8(1).bytes()).toEqual(Buffer.from([1]));
});

test('messages that end too early', () => {
  expect(() => new ByteReader(Buffer.alloc(3)).int32()).toThrow(TruncatedError);
  expect(() => new ByteReader(Buffer.from([0, 5, 65])).string()).toThrow(TruncatedError);
  expect(() => new ByteReader(Buffer.from([0x7f, 0xff, 0xff, 0xff])).array((r) => r.int8())).toThrow(
    TruncatedError,
  );
  expect(() => new ByteReader(Buffer.from([0xff, 0xff, 0xff, 0xfe])).bytesWithSize()).toThrow(TruncatedError);
});

test('attached bytes are part of what was written, and are not copied', () => {
  const large = Buffer.from('attached');
  const writer = new ByteWriter(1).attach(large).int8(1).attach(large).attach(large).int16(2);
  expect(writer.length).toBe(3 * 8 + 3);
  expect(writer.bytes()).toEqual(Buffer.concat([large, Buffer.from([1]), large, large, Buffer.from([0, 2])]));
  expect(writer.chunks().filter((chunk) => chunk === large)).toHaveLength(3);
  writer.reset();
  expect([writer.length, writer.bytes().length]).toEqual([0, 0]);
});
