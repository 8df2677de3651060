// attempts: join the members of a list that says it is long
// expected: time-limit|memory-limit|exception
// limits: seconds=2
result = Array.prototype.join.call({ length: 2 ** 53 - 1 });
