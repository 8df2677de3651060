// attempts: loop for ever when an iterator is closed
// expected: time-limit
// limits: seconds=0.5
for (const one of { [Symbol.iterator]() { return { next() { return {}; }, return() { while (true); } }; } }) break;
