"""Who visits the portal in these tests: the demonstration's people, by their addresses."""

PRINCIPAL = "principal@acme.example"
CONSULTATION = "consultation@acme.example"
# Manages the fleet, and drives a car of it.
MANAGEMENT = "management@acme.example"
# Somebody who works for one customer number only.
LIMITED = "north@acme.example"
PRINCIPAL_OF_BOREA = "principal@borea.example"
OPERATOR = "staff@operator.example"
BEGINNER = "principal@cedar.example"
DEALER = "staff@dealer.example"
NOBODY = ""
