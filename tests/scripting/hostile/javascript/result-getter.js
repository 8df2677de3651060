// attempts: loop for ever while the result is read
// expected: time-limit
// limits: seconds=0.5
result = { get a() { while (true); } };
