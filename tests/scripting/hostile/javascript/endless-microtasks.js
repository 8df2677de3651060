// attempts: queue promises for ever
// expected: time-limit
// limits: seconds=2
(function again() { Promise.resolve().then(again); })();
result = 1;
