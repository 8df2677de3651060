// attempts: catch the end of the memory, and go on
// expected: memory-limit|time-limit
// limits: seconds=2
while (true) try { const a = []; while (true) a.push(new Array(1000)); } catch (e) {}
