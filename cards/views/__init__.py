"""The pages about cards and requests that a company's people see."""
