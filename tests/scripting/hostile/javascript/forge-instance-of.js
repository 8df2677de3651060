// attempts: loop for ever in a check of the encoder
// expected: time-limit
// limits: seconds=0.5
Object.defineProperty(Map, Symbol.hasInstance, { value() { while (true); } });
result = {};
