// attempts: survive the interruption of a loop with finally
// expected: time-limit|exception
// limits: seconds=0.5
(function again() { try { while (true); } finally { again(); } })();
