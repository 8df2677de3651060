// attempts: catch the limit of statements
// expected: statement-limit
// limits: statements=100000
while (true) try { while (true); } catch (e) {}
