// Port dues of a voyage: a fee for each port, and a rate for each started 100 tons.
const fees = { Vlissing: 120, Oosterhaven: 95 };
const units = Math.ceil(entry.tonnage / 100);

const parts = [voyagePlan.from, voyagePlan.to].map((port) => ({
  port,
  amount: (fees[port] ?? 150) + units * 7,
}));

result = {
  currency: "EUR",
  total: parts.reduce((sum, part) => sum + part.amount, 0),
  parts,
};
