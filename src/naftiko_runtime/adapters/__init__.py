"""What every listener does at its edge, and what is counted there."""
