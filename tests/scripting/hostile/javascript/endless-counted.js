// attempts: loop for ever, with a limit of statements
// expected: statement-limit
// limits: statements=100000
let turns = 0;
while (true) turns++;
