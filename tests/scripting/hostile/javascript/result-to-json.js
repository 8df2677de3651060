// attempts: loop for ever while the result is encoded
// expected: time-limit
// limits: seconds=0.5
result = { toJSON() { while (true); } };
