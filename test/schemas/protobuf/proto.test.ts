import { DataError } from '../../../src/kernel';
import { BUILTIN_PATHS, builtinProto } from '../../../src/schemas/protobuf/builtin';
import { checkProto } from '../../../src/schemas/protobuf/check';
import { linkProto } from '../../../src/schemas/protobuf/link';
import { normalizeProto } from '../../../src/schemas/protobuf/normalize';
import { parseProto } from '../../../src/schemas/protobuf/parse';
import { printProto } from '../../../src/schemas/protobuf/print';

const print = (text: string): string => printProto(parseProto(text));

test('one form for all spellings; comments go, order stays', () => {
  const text = `
    // what it is
    syntax = 'proto3' ; package com.acme; import public "a.proto"; import "b.proto";
    option java_package = "com" ".acme"; option optimize_for = SPEED;
    message Order { /* inner */ reserved 4, 7 to 9; reserved "old", 'older'; option deprecated = true;
      string id = 1; .com.acme.Line first = 2 [deprecated = true, json_name = "f"]; map<string, Line> lines = 3;
      repeated int64 n = 0x10; optional bool b = 011;
      oneof pay { Card card = 5; string cash = 6; }
      message Card { bytes no = 1 [(acme.secret) = {level: HIGH, tags: ["a", "b"]}]; }
      enum State { NEW = 0; OLD = -1 [deprecated = true]; } }
    message Empty {}
    service Orders { rpc Get (Order) returns (stream Order); rpc Put (stream .com.acme.Order) returns (Empty) { option idempotency_level = IDEMPOTENT; } }`;
  expect(print(text)).toBe(`syntax = "proto3";
package com.acme;

import "b.proto";
import public "a.proto";

option java_package = "com.acme";
option optimize_for = SPEED;

message Order {
  reserved 4, 7 to 9;
  reserved "old", "older";

  option deprecated = true;

  string id = 1;
  .com.acme.Line first = 2 [
    deprecated = true,
    json_name = "f"
  ];
  map<string, Line> lines = 3;
  repeated int64 n = 16;
  optional bool b = 9;

  oneof pay {
    Card card = 5;
    string cash = 6;
  }

  message Card {
    bytes no = 1 [(acme.secret) = {
      level: HIGH,
      tags: [
        "a",
        "b"
      ]
    }];
  }
  enum State {
    NEW = 0;
    OLD = -1 [deprecated = true];
  }
}
message Empty {}

service Orders {
  rpc Get (Order) returns (stream Order);
  rpc Put (stream .com.acme.Order) returns (Empty) {
    option idempotency_level = IDEMPOTENT;
  };
}
`);
  expect(print(print(text))).toBe(print(text));
});

test('proto2: labels, defaults, groups, extensions', () => {
  const text = `syntax = "proto2";

message A {
  required string a = 1 [default = "x\\n\\"y\\""];
  optional double d = 2 [default = -1.5e3];

  repeated group Item = 3 {
    optional int32 n = 4;
  }

  extensions 100 to 199, 1000 to max;

  extend A {
    optional string more = 100;
  }
}

extend A {
  repeated int32 numbers = 101;
}
`;
  expect(print(text)).toBe(text);
});

test('words of the language are names, too', () => {
  const text = `syntax = "proto3";

message message {
  string syntax = 1;
  int32 optional = 2;
  stream reserved = 3;
}
message stream {
  stream package = 1;
}
`;
  expect(print(text)).toBe(text);
});

test.each([
  ['message A { string = 1; }', 'line 1, column 20: the name of a field was expected, found "="'],
  ['message A {\n  string a = 0;\n}', 'line 2, column 14: a field number from 1 to 536870911'],
  ['message A {', 'found the end of the file'],
  ['syntax = "proto4";', 'the syntax "proto2" or "proto3" was expected'],
  ['message A { string a = 1 }', '";" was expected, found "}"'],
  ['package a; package b;', 'a file has one package'],
  ['"x', 'line 1, column 1: the string does not end'],
  [`message A ${'{ message A '.repeat(200)}`, 'levels inside one another'],
  ['hello', 'a declaration (message, enum, import, …) was expected'],
])('refuses %j, naming the place', (text, problem) => {
  expect(() => parseProto(text)).toThrow(DataError);
  expect(() => parseProto(text)).toThrow(problem);
});

const link = (text: string, files: Record<string, string> = {}) => {
  const linked = linkProto(
    parseProto(text),
    Object.entries(files).map(([path, source]) => ({ path, file: parseProto(source) })),
  );
  checkProto(linked);
  return linked;
};

test('names mean what the innermost scope says', () => {
  const linked = link(
    'package a.b; import "o.proto"; message M { message N { message N2 {} } N n = 1; b.M m = 2; .x.O o = 3; x.O p = 4; }',
    { 'o.proto': 'package x; message O {}' },
  );
  expect(linked.resolve('N', 'a.b.M')).toBe('a.b.M.N');
  expect(linked.resolve('N2', 'a.b.M.N')).toBe('a.b.M.N.N2');
  expect(linked.resolve('b.M', 'a.b.M')).toBe('a.b.M');
  expect(linked.resolve('x.O', 'a.b.M')).toBe('x.O');
  expect(linked.resolve('int32', 'a.b.M')).toBeNull();
});

test('public imports are passed on, others are not', () => {
  const files = {
    'a.proto': 'import public "b.proto"; import "c.proto";',
    'b.proto': 'message B {}',
    'c.proto': 'message C {}',
  };
  expect(() => link('import "a.proto"; message M { B b = 1; }', files)).not.toThrow();
  expect(() => link('import "a.proto"; message M { C c = 1; }', files)).toThrow(
    'M uses C, which is no known type',
  );
});

test.each([
  ['import "x.proto";', 'the import "x.proto" is not among the references'],
  ['message A { B b = 1; }', 'A uses B, which is no known type'],
  ['message A {} message A {}', 'A is declared twice'],
  ['message A { int32 a = 1; int32 b = 1; }', 'A uses the field number 1 twice'],
  ['message A { int32 a = 1; int32 a = 2; }', 'A has two members called a'],
  ['message A { reserved 1 to 5; int32 a = 3; }', 'A.a: the number 3 is reserved'],
  ['message A { reserved "a"; int32 a = 3; }', 'A.a: the name is reserved'],
  ['message A { int32 a = 19500; }', 'A.a: the numbers 19000 to 19999'],
  ['syntax = "proto3"; message A { required int32 a = 1; }', 'A.a: proto3 has no required fields'],
  ['syntax = "proto3"; enum E { A = 1; }', 'E: the first constant of a proto3 enum is 0'],
  ['enum E { A = 0; B = 0; }', 'E uses the number 0 twice'],
  ['enum E {}', 'E: an enum has at least one constant'],
  ['message A { map<float, int32> m = 1; }', 'A.m: a map cannot have keys of type float'],
  ['message A { oneof o { repeated int32 a = 1; } }', 'A.a: a field of a oneof has no label'],
  ['message A { oneof o {} }', 'A.o: a oneof has at least one field'],
  ['service S { rpc R (X) returns (X); }', 'uses X, which is no known type'],
])('refuses %j', (text, problem) => {
  expect(() => link(text)).toThrow(DataError);
  expect(() => link(text)).toThrow(problem);
});

test('every built-in file links with the built-in files', () => {
  for (const path of BUILTIN_PATHS) {
    const linked = linkProto(builtinProto(path)!, []);
    expect(() => normalizeProto(linked)).not.toThrow();
  }
  expect(builtinProto('other.proto')).toBeUndefined();
});
