// attempts: compute a number of a billion digits
// expected: exception|memory-limit|time-limit
// limits: seconds=2
let n = 3n;
while (true) n *= n;
