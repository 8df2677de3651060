// attempts: stay in native code that is never interrupted
// expected: time-limit
// limits: seconds=0.5
result = Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);
