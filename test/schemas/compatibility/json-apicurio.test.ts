/**
 * The cases of Apicurio Registry's own JSON Schema checker (its compatibility test data, Apache License 2.0, 145 of them),
 * told anew. A case is a line with what changes and who reads whom: `backward`, the new schema takes what fits the old one;
 * `both`, also the other way round; `none`. Below it are the old schema and the new one, of draft 7 unless they say 4. It is
 * long, being data.
 *
 * `theirs` is Apicurio's verdict where the rules of Confluent's registry, which hold here, have another one: it compares
 * formats, contentEncoding, contentMediaType, the schemas of patterns and required names that are not declared, none of which
 * count here; and it sees that a type which is added to a schema was implied by what is beside it.
 */
import { parse as parseYaml } from 'yaml';
import { kinds } from './json-support';

const TABLE = `
everything, by {}: backward
  {type: string}
  {}
everything, by true: backward
  {type: string}
  true
a property of false: backward
  {type: object, properties: {street: false}}
  {type: object, properties: {street: {type: string}}}
another $id: both
  {$id: x}
  {id: x}
minLength lowered: backward
  {type: string, minLength: 10}
  {type: string, minLength: 5}
minLength dropped: backward
  {type: string, minLength: 10}
  {type: string}
minLength kept: both
  {type: string, minLength: 10}
  {type: string, minLength: 10}
maxLength raised: backward
  {type: string, maxLength: 5}
  {type: string, maxLength: 10}
maxLength dropped: backward
  {type: string, maxLength: 5}
  {type: string}
maxLength kept: both
  {type: string, maxLength: 10}
  {type: string, maxLength: 10}
pattern dropped: backward
  {type: string, pattern: '[a-z]*'}
  {type: string}
pattern changed: none
  {type: string, pattern: '[a-z]*'}
  {type: string, pattern: '[A-Z]*'}
pattern kept: both
  {type: string, pattern: '[a-z]*'}
  {type: string, pattern: '[a-z]*'}
format dropped: both, theirs backward
  {type: string, format: date-time}
  {type: string}
format changed: both, theirs none
  {type: string, format: date-time}
  {type: string, format: date}
format kept: both
  {type: string, format: date-time}
  {type: string, format: date-time}
integer to number: backward
  {type: integer}
  {type: number}
multipleOf dropped: backward
  {type: number, multipleOf: 10}
  {type: number}
multipleOf halved: backward
  {type: number, multipleOf: 10}
  {type: number, multipleOf: 5}
multipleOf changed: none
  {type: number, multipleOf: 7}
  {type: number, multipleOf: 13}
minimum dropped: backward
  {type: number, minimum: 10}
  {type: number}
minimum lowered: backward
  {type: number, minimum: 10}
  {type: number, minimum: 5}
minimum kept: both
  {type: number, minimum: 10}
  {type: number, minimum: 10}
maximum dropped: backward
  {type: number, maximum: 5}
  {type: number}
maximum raised: backward
  {type: number, maximum: 5}
  {type: number, maximum: 10}
maximum kept: both
  {type: number, maximum: 10}
  {type: number, maximum: 10}
draft 4 exclusive minimum becomes inclusive: backward
  {draft: 4, type: number, minimum: 10, exclusiveMinimum: true}
  {type: number, minimum: 10}
exclusive minimum becomes inclusive: backward
  {type: number, exclusiveMinimum: 10}
  {type: number, minimum: 10}
exclusive minimum becomes a lower inclusive one: backward
  {type: number, exclusiveMinimum: 10}
  {type: number, minimum: 5}
exclusive minimum kept: both
  {type: number, exclusiveMinimum: 10}
  {type: number, exclusiveMinimum: 10}
draft 4 exclusive minimum in draft 7: both
  {draft: 4, type: number, minimum: 10, exclusiveMinimum: true}
  {type: number, exclusiveMinimum: 10}
draft 4 exclusive maximum becomes inclusive: backward
  {draft: 4, type: number, maximum: 10, exclusiveMaximum: true}
  {type: number, maximum: 10}
exclusive maximum becomes inclusive: backward
  {type: number, exclusiveMaximum: 10}
  {type: number, maximum: 10}
exclusive maximum becomes a higher inclusive one: backward
  {type: number, exclusiveMaximum: 5}
  {type: number, maximum: 10}
exclusive maximum kept: both
  {type: number, exclusiveMaximum: 10}
  {type: number, exclusiveMaximum: 10}
draft 4 exclusive maximum in draft 7: both
  {draft: 4, type: number, maximum: 10, exclusiveMaximum: true}
  {type: number, exclusiveMaximum: 10}
property dropped, open: backward
  {type: object, properties: {code: {type: number}, street: {type: string}}}
  {type: object, properties: {street: {type: string}}}
types of properties swapped: none
  {type: object, properties: {code: {type: number}, street: {type: string}}}
  {type: object, properties: {code: {type: string}, street: {type: number}}}
object opened: backward
  {type: object, properties: {code: {type: number}, street: {type: string}}, additionalProperties: false}
  {type: object, properties: {code: {type: number}, street: {type: string}}}
object opened for a type: backward
  {type: object, properties: {code: {type: number}, street: {type: string}}, additionalProperties: false}
  {type: object, properties: {code: {type: number}, street: {type: string}}, additionalProperties: {type: string}}
type of others widened: backward
  {type: object, properties: {code: {type: number}, street: {type: string}}, additionalProperties: {type: string, minLength: 10}}
  {type: object, properties: {code: {type: number}, street: {type: string}}, additionalProperties: {type: string, minLength: 5}}
required dropped, nothing declared: both, theirs backward
  {type: object, required: [code, street]}
  {type: object, required: [street]}
required changed, nothing declared: both, theirs none
  {type: object, required: [code, street]}
  {type: object, required: [street, city]}
required in another order: both
  {type: object, required: [code, street]}
  {type: object, required: [street, code]}
propertyNames widened: backward
  {type: object, propertyNames: {type: string, minLength: 10}}
  {type: object, propertyNames: {type: string, minLength: 5}}
minProperties dropped: backward
  {type: object, minProperties: 10}
  {type: object}
minProperties lowered: backward
  {type: object, minProperties: 10}
  {type: object, minProperties: 5}
minProperties kept: both
  {type: object, minProperties: 10}
  {type: object, minProperties: 10}
maxProperties dropped: backward
  {type: object, maxProperties: 5}
  {type: object}
maxProperties raised: backward
  {type: object, maxProperties: 5}
  {type: object, maxProperties: 10}
maxProperties kept: both
  {type: object, maxProperties: 10}
  {type: object, maxProperties: 10}
dependency shortened: backward
  {type: object, properties: {name: {type: string}, street: {type: string}}, required: [name], dependencies: {street: [city, code]}}
  {type: object, properties: {name: {type: string}, street: {type: string}}, required: [name], dependencies: {street: [city]}}
a pattern of names dropped: both, theirs backward
  {type: object, patternProperties: {^S_: {type: string}, ^I_: {type: number}}}
  {type: object, patternProperties: {^S_: {type: string}}}
types of patterns of names swapped: both, theirs none
  {type: object, patternProperties: {^S_: {type: string}, ^I_: {type: number}}}
  {type: object, patternProperties: {^S_: {type: number}, ^I_: {type: string}}}
schema dependency dropped: backward
  {type: object, properties: {name: {type: string}, address: {type: string}, code: {type: number}}, required: [name], dependencies: {address: {properties: {city: {type: string}}}}}
  {type: object, properties: {name: {type: string}, address: {type: string}, code: {type: number}}, required: [name]}
one of two schema dependencies dropped: backward
  {type: object, properties: {name: {type: string}, address: {type: string}, code: {type: number}}, required: [name], dependencies: {address: {properties: {city: {type: string}}}, code: {required: [address]}}}
  {type: object, properties: {name: {type: string}, address: {type: string}, code: {type: number}}, required: [name], dependencies: {address: {properties: {city: {type: string}}}}}
property added, closed to open: backward
  {type: object, properties: {code: {type: number}, street: {type: string}}, additionalProperties: false}
  {type: object, properties: {code: {type: number}, street: {type: string}, country: {type: string}}}
property added, closed: backward
  {type: object, properties: {code: {type: number}, street: {type: string}}, additionalProperties: false}
  {type: object, properties: {code: {type: number}, street: {type: string}, country: {type: string}}, additionalProperties: false}
property added, closed to a type: backward
  {type: object, properties: {code: {type: number}, street: {type: string}}, additionalProperties: false}
  {type: object, properties: {code: {type: number}, street: {type: string}, country: {type: string}}, additionalProperties: {type: string}}
property dropped, closed to open: backward
  {type: object, properties: {code: {type: number}, street: {type: string}, country: {type: string}}, additionalProperties: false}
  {type: object, properties: {code: {type: number}, street: {type: string}}}
property dropped, closed to its type: backward
  {type: object, properties: {code: {type: number}, street: {type: string}, country: {type: string}}, additionalProperties: false}
  {type: object, properties: {code: {type: number}, street: {type: string}}, additionalProperties: {type: string}}
items widened: backward
  {type: array, items: {type: number, minimum: 10}}
  {type: array, items: {type: number, minimum: 5}}
contains widened: backward
  {type: array, contains: {type: number, minimum: 10}}
  {type: array, contains: {type: number, minimum: 5}}
tuple widened: backward
  {type: array, items: [{type: number, minimum: 10}, {type: string}]}
  {type: array, items: [{type: number, minimum: 5}, {type: string}]}
tuple swapped: none
  {type: array, items: [{type: number}, {type: string}]}
  {type: array, items: [{type: string}, {type: number}]}
tuple shortened in its type: none
  {type: array, items: [{type: number}, {type: string}]}
  {type: array, items: [{type: string}]}
tuple dropped: backward
  {type: array, items: [{type: string}, {type: boolean}]}
  {type: array}
further items allowed: backward
  {type: array, items: [{type: string}], additionalItems: false}
  {type: array, items: [{type: string}]}
further items of a type allowed: backward
  {type: array, items: [{type: string}], additionalItems: false}
  {type: array, items: [{type: string}], additionalItems: {type: number}}
further items of any type: backward
  {type: array, items: [{type: string}], additionalItems: {type: number}}
  {type: array, items: [{type: string}], additionalItems: true}
further items widened: backward
  {type: array, items: [{type: string}], additionalItems: {type: integer}}
  {type: array, items: [{type: string}], additionalItems: {type: number}}
further items of another type: none
  {type: array, items: [{type: string}, {type: number}], additionalItems: {type: integer}}
  {type: array, items: [{type: string}, {type: number}], additionalItems: {type: boolean}}
item added, closed to open: backward
  {type: array, items: [{type: string}, {type: number}], additionalItems: false}
  {type: array, items: [{type: string}, {type: number}, {type: boolean}], additionalItems: true}
item added, closed: backward
  {type: array, items: [{type: string}], additionalItems: false}
  {type: array, items: [{type: string}, {type: number}], additionalItems: false}
item added, closed to a type: backward
  {type: array, items: [{type: string}], additionalItems: false}
  {type: array, items: [{type: string}, {type: boolean}], additionalItems: {type: number}}
item added, of the type of further ones: backward
  {type: array, items: [{type: string}], additionalItems: {type: number}}
  {type: array, items: [{type: string}, {type: number}], additionalItems: true}
item added, of another type than further ones: none
  {type: array, items: [{type: string}], additionalItems: {type: number}}
  {type: array, items: [{type: string}, {type: boolean}], additionalItems: true}
item dropped, closed to open: backward
  {type: array, items: [{type: string}, {type: number}, {type: boolean}], additionalItems: false}
  {type: array, items: [{type: string}, {type: number}], additionalItems: true}
item dropped, open: backward
  {type: array, items: [{type: string}, {type: number}], additionalItems: true}
  {type: array, items: [{type: string}], additionalItems: true}
item dropped, of another type than further ones, to open: backward
  {type: array, items: [{type: string}, {type: boolean}], additionalItems: {type: number}}
  {type: array, items: [{type: string}], additionalItems: true}
item dropped, closed to another type: none
  {type: array, items: [{type: string}, {type: boolean}], additionalItems: false}
  {type: array, items: [{type: string}], additionalItems: {type: number}}
item dropped, closed to its type: backward
  {type: array, items: [{type: string}, {type: number}], additionalItems: false}
  {type: array, items: [{type: string}], additionalItems: {type: number}}
minItems dropped: backward
  {type: array, minItems: 10}
  {type: array}
minItems lowered: backward
  {type: array, minItems: 10}
  {type: array, minItems: 5}
minItems kept: both
  {type: array, minItems: 10}
  {type: array, minItems: 10}
maxItems dropped: backward
  {type: array, maxItems: 5}
  {type: array}
maxItems raised: backward
  {type: array, maxItems: 5}
  {type: array, maxItems: 10}
maxItems kept: both
  {type: array, maxItems: 10}
  {type: array, maxItems: 10}
uniqueItems dropped: backward
  {type: array, uniqueItems: true}
  {type: array}
boolean dropped: backward
  {type: boolean}
  {}
null dropped: backward
  {type: 'null'}
  {}
enum dropped beside a type: backward
  {type: string, enum: [red, green, blue]}
  {type: string}
enum grown beside a type: backward
  {type: string, enum: [red, green]}
  {type: string, enum: [red, green, blue]}
enum in another order: both
  {type: string, enum: [red, green, blue]}
  {type: string, enum: [blue, red, green]}
enum that was empty: backward
  {type: string, enum: []}
  {type: string, enum: [red, green, blue]}
const kept: both
  {type: string, const: ['3.14']}
  {type: string, const: ['3.14']}
const changed: none
  {type: string, const: ['3.14']}
  {type: string, const: [π]}
const dropped beside a type: backward
  {type: string, const: ['3.14']}
  {type: string}
const as enum: both
  {const: '3.14'}
  {enum: ['3.14']}
contentEncoding kept: both
  {type: string, contentEncoding: base64}
  {type: string, contentEncoding: base64}
contentEncoding dropped: both, theirs backward
  {type: string, contentEncoding: base64}
  {type: string}
contentEncoding changed: both, theirs none
  {type: string, contentEncoding: base64}
  {type: string, contentEncoding: base1}
contentMediaType kept: both
  {type: string, contentMediaType: image/png}
  {type: string, contentMediaType: image/png}
contentMediaType dropped: both, theirs backward
  {type: string, contentMediaType: image/png}
  {type: string}
contentMediaType changed: both, theirs none
  {type: string, contentMediaType: image/png}
  {type: string, contentMediaType: image/jpeg}
allOf, a part widened: backward
  {allOf: [{type: string}, {maxLength: 5}]}
  {allOf: [{type: string}, {maxLength: 10}]}
allOf in another order: both
  {allOf: [{type: string}, {maxLength: 5}]}
  {allOf: [{maxLength: 5}, {type: string}]}
allOf shortened: backward
  {allOf: [{type: string}, {maxLength: 5}]}
  {allOf: [{type: string}]}
anyOf, a branch widened: backward
  {anyOf: [{type: string}, {maxLength: 5}]}
  {anyOf: [{type: string}, {maxLength: 10}]}
anyOf in another order: both
  {anyOf: [{type: string}, {maxLength: 5}]}
  {anyOf: [{maxLength: 5}, {type: string}]}
anyOf lengthened: backward
  {anyOf: [{type: string}]}
  {anyOf: [{type: string}, {maxLength: 5}]}
allOf to anyOf: backward
  {type: number, allOf: [{maximum: 100}, {multipleOf: 6}]}
  {type: number, anyOf: [{maximum: 100}, {multipleOf: 6}]}
allOf to anyOf, a part widened: backward
  {type: number, allOf: [{maximum: 100}, {multipleOf: 6}]}
  {type: number, anyOf: [{maximum: 200}, {multipleOf: 6}]}
allOf to anyOf, lengthened: backward
  {type: number, allOf: [{maximum: 100}, {multipleOf: 6}]}
  {type: number, anyOf: [{maximum: 100}, {multipleOf: 6}, {minimum: 20}]}
oneOf to anyOf: backward
  {type: number, oneOf: [{maximum: 100}, {multipleOf: 6}]}
  {type: number, anyOf: [{maximum: 100}, {multipleOf: 6}]}
oneOf to anyOf, a branch widened: backward
  {type: number, oneOf: [{maximum: 100}, {multipleOf: 6}]}
  {type: number, anyOf: [{maximum: 200}, {multipleOf: 6}]}
oneOf to anyOf, lengthened: backward
  {type: number, oneOf: [{maximum: 100}, {multipleOf: 6}]}
  {type: number, anyOf: [{maximum: 100}, {multipleOf: 6}, {minimum: 20}]}
oneOf, a branch widened: backward
  {oneOf: [{type: string}, {maxLength: 5}]}
  {oneOf: [{type: string}, {maxLength: 10}]}
oneOf in another order: both
  {oneOf: [{type: string}, {maxLength: 5}]}
  {oneOf: [{maxLength: 5}, {type: string}]}
oneOf lengthened: backward
  {oneOf: [{type: string}]}
  {oneOf: [{type: string}, {maxLength: 5}]}
not, narrowed: backward
  {not: {type: string, maxLength: 10}}
  {not: {type: string, maxLength: 5}}
not, narrowed on both sides: backward
  {not: {type: string, minLength: 5, maxLength: 20}}
  {not: {type: string, minLength: 10, maxLength: 15}}
not kept: both
  {not: {type: string}}
  {not: {type: string}}
condition kept: both
  {type: object, properties: {case: {enum: [lower, upper]}, data: {type: string}}, if: {properties: {case: {enum: [lower]}}}, then: {properties: {data: {pattern: '[a-z]*'}}}, else: {properties: {data: {pattern: '[A-Z]*'}}}}
  {type: object, properties: {case: {enum: [lower, upper]}, data: {type: string}}, if: {properties: {case: {enum: [lower]}}}, then: {properties: {data: {pattern: '[a-z]*'}}}, else: {properties: {data: {pattern: '[A-Z]*'}}}}
condition changed: none
  {type: object, properties: {case: {enum: [lower, upper]}, data: {type: string}}, if: {properties: {case: {enum: [lower]}}}, then: {properties: {data: {pattern: '[a-z]*'}}}, else: {properties: {data: {pattern: '[A-Z]*'}}}}
  {type: object, properties: {case: {enum: [lower, upper]}, data: {type: string}}, if: {properties: {case: {enum: [lower, lowerCase]}}}, then: {properties: {data: {pattern: '[a-z]*'}}}, else: {properties: {data: {pattern: '[A-Z]*'}}}}
consequence becomes a type: none, theirs backward
  {type: object, properties: {case: {enum: [lower, upper]}, data: {type: string}}, if: {properties: {case: {enum: [lower]}}}, then: {properties: {data: {pattern: '[a-z]*'}}}, else: {properties: {data: {pattern: '[A-Z]*'}}}}
  {type: object, properties: {case: {enum: [lower, upper]}, data: {type: string}}, if: {properties: {case: {enum: [lower]}}}, then: {properties: {data: {type: string}}}, else: {properties: {data: {pattern: '[A-Z]*'}}}}
alternative becomes a type: none, theirs backward
  {type: object, properties: {case: {enum: [lower, upper]}, data: {type: string}}, if: {properties: {case: {enum: [lower]}}}, then: {properties: {data: {pattern: '[a-z]*'}}}, else: {properties: {data: {pattern: '[A-Z]*'}}}}
  {type: object, properties: {case: {enum: [lower, upper]}, data: {type: string}}, if: {properties: {case: {enum: [lower]}}}, then: {properties: {data: {pattern: '[a-z]*'}}}, else: {properties: {data: {type: string}}}}
reference inlined: both
  {type: object, properties: {home: {$ref: '#/definitions/A'}, work: {$ref: '#/definitions/A'}}, definitions: {A: {type: object, properties: {street: {type: string}}, required: [street]}}}
  {type: object, properties: {home: {type: object, properties: {street: {type: string}}, required: [street]}, work: {type: object, properties: {street: {type: string}}, required: [street]}}}
reference widened and no longer required: backward
  {type: object, properties: {home: {$ref: '#/definitions/A'}, work: {$ref: '#/definitions/A'}}, definitions: {A: {type: object, properties: {street: {type: string, minLength: 10}}, required: [street]}}}
  {type: object, properties: {home: {$ref: '#/definitions/A'}, work: {$ref: '#/definitions/A'}}, definitions: {A: {type: object, properties: {street: {type: string, minLength: 5}}}}}
reference by fragment $id inlined: both
  {type: object, properties: {home: {$ref: '#A'}, work: {$ref: '#A'}}, definitions: {A: {$id: '#A', type: object, properties: {street: {type: string}}, required: [street]}}}
  {type: object, properties: {home: {type: object, properties: {street: {type: string}}, required: [street]}, work: {type: object, properties: {street: {type: string}}, required: [street]}}}
reference by fragment $id widened: backward
  {type: object, properties: {home: {$ref: '#A'}, work: {$ref: '#A'}}, definitions: {A: {$id: '#A', type: object, properties: {street: {type: string, minLength: 10}}, required: [street]}}}
  {type: object, properties: {home: {$ref: '#A'}, work: {$ref: '#A'}}, definitions: {A: {$id: '#A', type: object, properties: {street: {type: string, minLength: 5}}}}}
recursion inlined once: both
  {type: object, properties: {person: {$ref: '#/definitions/P'}}, definitions: {P: {type: object, properties: {name: {type: string}, more: {type: array, items: {$ref: '#/definitions/P'}, default: []}}}}}
  {type: object, properties: {person: {type: object, properties: {name: {type: string}, more: {type: array, items: {$ref: '#/definitions/P'}, default: []}}}}, definitions: {P: {type: object, properties: {name: {type: string}, more: {type: array, items: {$ref: '#/definitions/P'}, default: []}}}}}
recursion through a combination: both
  {definitions: {D: {type: object, properties: {Type: {type: string}, Subject: {type: object, $ref: '#/definitions/S'}}}, S: {type: object, properties: {name: {type: string}, D: {type: object, anyOf: [{$ref: '#/definitions/D'}]}}}}, type: object, properties: {Subject: {$ref: '#/definitions/S'}}}
  {definitions: {D: {type: object, properties: {Type: {type: string}, Subject: {type: object, $ref: '#/definitions/S'}}}, S: {type: object, properties: {name: {type: string}, D: {type: object, anyOf: [{$ref: '#/definitions/D'}]}}}}, type: object, properties: {Subject: {$ref: '#/definitions/S'}}}
a type becomes an anyOf: backward
  {title: P, type: object, properties: {test: {type: string}}}
  {title: P, type: object, properties: {test: {anyOf: [{type: string}, {type: number}]}}}
a type becomes a list: backward
  {title: P, type: object, properties: {test: {type: string}}}
  {title: P, type: object, properties: {test: {type: [string, number]}}}
property of the type of others added: both
  {type: object, properties: {foo: {type: string}}, required: [foo], additionalProperties: {type: string}}
  {type: object, properties: {foo: {type: string}, bar: {type: string}}, required: [foo], additionalProperties: {type: string}}
property dropped, open, other required: backward
  {type: object, properties: {foo: {type: string}, bar: {type: string}}, required: [foo]}
  {type: object, properties: {foo: {type: string}}, required: [foo]}
property of the type of others added, to open: backward
  {type: object, properties: {foo: {type: string}}, additionalProperties: {type: number}}
  {type: object, properties: {foo: {type: string}, bar: {type: number}}, additionalProperties: true}
property dropped, closed to its own type: backward
  {type: object, properties: {foo: {type: string}, bar: {type: number}}, additionalProperties: false}
  {type: object, properties: {foo: {type: string}}, additionalProperties: {type: number}}
property dropped, closed to a narrower type: none
  {type: object, properties: {foo: {type: string}, bar: {type: number}}, additionalProperties: false}
  {type: object, properties: {foo: {type: string}}, additionalProperties: {type: number, maximum: 42}}
item of the type of further ones dropped: both
  {type: array, items: [{type: string}, {type: string}], additionalItems: {type: string}}
  {type: array, items: [{type: string}], additionalItems: {type: string}}
second item dropped, open: backward
  {type: array, items: [{type: string}, {type: string}]}
  {type: array, items: [{type: string}]}
item of the type of further ones added, to open: backward
  {type: array, items: [{type: string}], additionalItems: {type: number}}
  {type: array, items: [{type: string}, {type: number}], additionalItems: true}
item dropped, closed to its own type: backward
  {type: array, items: [{type: string}, {type: number}], additionalItems: false}
  {type: array, items: [{type: string}], additionalItems: {type: number}}
item dropped, closed to a narrower type, untyped: none
  {type: array, items: [{type: string}, {type: number}], additionalItems: false}
  {items: [{type: string}], additionalItems: {type: number, maximum: 42}}
`;

type Schema = boolean | { draft?: number };

const schemaOf = (line: string): Schema => {
  const schema = parseYaml(line) as Schema;
  if (typeof schema === 'boolean' || schema.draft === undefined) return schema;
  const { draft, ...others } = schema;
  return { $schema: `http://json-schema.org/draft-0${draft}/schema#`, ...others } as Schema;
};

const lines = TABLE.trim().split('\n');
const cases = Array.from({ length: lines.length / 3 }, (_, i) => {
  const [, what, verdict, theirs = verdict] = /^(.+): (\w+)(?:, theirs (\w+))?$/.exec(lines[3 * i]!)!;
  return { what, verdict, theirs, old: schemaOf(lines[3 * i + 1]!), next: schemaOf(lines[3 * i + 2]!) };
});

const verdictOn = (old: Schema, next: Schema): string => {
  const backward = kinds(old, next).length === 0;
  const forward = kinds(next, old).length === 0;
  if (backward) return forward ? 'both' : 'backward';
  return forward ? 'forward' : 'none';
};

test('all cases are there', () => {
  expect(cases).toHaveLength(145);
  expect(cases.filter(({ verdict, theirs }) => verdict !== theirs)).toHaveLength(12);
});

test.each(cases)('$what', ({ old, next, verdict }) => {
  expect(verdictOn(old, next)).toBe(verdict);
});
