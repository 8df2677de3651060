// attempts: loop for ever in a comparison
// expected: time-limit
// limits: seconds=0.5
[3, 1, 2].sort(() => { while (true); });
