// attempts: survive the interruption of a loop with catch
// expected: time-limit
// limits: seconds=0.5
while (true) try { while (true); } catch (e) {}
