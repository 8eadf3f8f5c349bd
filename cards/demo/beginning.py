"""How things begin: the general conditions, and a company whose principal user has not started yet (ONB-1 to ONB-5)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from accounts.colleagues.contact import Contact
from accounts.colleagues.grants import Rights
from accounts.colleagues.services import create_colleague
from accounts.models import Membership
from accounts.onboarding.services import publish_conditions
from cards.demo.people import CLIENT_SINCE, SEEDER, Billing, Client, Seat, bring_in
from fleetportal.core.access import Actor, system
from fleetportal.core.scope import company_scope, person_scope

# Loaded by operator staff the other day: its principal user stands before the first connection (ONB-1 to ONB-5).
CEDAR = Client(
    "PRO-CEDARA",
    "Cedar Construct",
    {
        "vat_number": "BE0999000426",
        "address": "Chaussée de Namur 44",
        "postal_code": "5030",
        "town": "Gembloux",
        "phone": "+3281550440",
        "email": "fleet@cedar.example",
        "legal_representative": "Julie Fontaine",
    },
    (
        Billing(
            "73110201",
            "Cedar Construct",
            "Cedar Construct, fleet office",
            "Chaussée de Namur 44",
            "5030",
            "Gembloux",
            "BE",
            ("Sites", "Office"),
        ),
    ),
    (Seat("principal@cedar.example", "Julie", "Fontaine", "fr", is_principal=True),),
)
# Cedar's secondary users with the rights that their cards had in the old portal: what they open, and may change of it.
TAKEN_OVER = (
    (
        Contact(last_name="LEJEUNE", first_name="MARC", email="marc@cedar.example", phone="081550441", language="fr"),
        ("cards", "requests", "transactions", "vehicles"),
        ("cards", "requests"),
    ),
    (
        Contact(last_name="WILLEMS", first_name="ELS", email="els@cedar.example", phone="081550442", language="nl"),
        ("cards", "transactions", "reports"),
        (),
    ),
    (
        Contact(last_name="HENRY", first_name="LUC", email="luc@cedar.example", phone="081550443", language="fr"),
        ("cards", "invoices"),
        (),
    ),
)
CEDAR_SINCE = timedelta(days=3)
# The general conditions of the demonstration: titles and texts by language.
CONDITIONS = (
    {
        "title": {
            "en": "Use of the portal",
            "fr": "Utilisation du portail",
            "nl": "Gebruik van het portaal",
        },
        "text": {
            "en": "The portal serves to manage the fuel cards of your company.\n\n"
            "You answer for what the users of your company do here. Keep their rights up to date.",
            "fr": "Le portail sert à gérer les cartes carburant de votre entreprise.\n\n"
            "Vous répondez de ce que les utilisateurs de votre entreprise y font. Tenez leurs droits à jour.",
            "nl": "Het portaal dient om de tankkaarten van uw bedrijf te beheren.\n\n"
            "U staat in voor wat de gebruikers van uw bedrijf hier doen. Houd hun rechten actueel.",
        },
    },
    {
        "title": {"en": "Fuel cards", "fr": "Cartes carburant", "nl": "Tankkaarten"},
        "text": {
            "en": "A card that is lost or stolen is blocked here at once. What was bought before is charged to you.\n\n"
            "Keep the secret code apart from the card.",
            "fr": "Une carte perdue ou volée se bloque ici sans attendre. Les achats d'avant vous sont facturés.\n\n"
            "Gardez le code secret séparé de la carte.",
            "nl": "Een verloren of gestolen kaart wordt hier meteen geblokkeerd. Wat voordien gekocht werd, wordt u"
            " aangerekend.\n\nBewaar de geheime code apart van de kaart.",
        },
    },
    {
        "title": {"en": "Personal data", "fr": "Données personnelles", "nl": "Persoonsgegevens"},
        "text": {
            "en": "We keep the names, addresses and phone numbers of your users and drivers to run the cards, and for"
            " nothing else.",
            "fr": "Nous conservons les noms, adresses et numéros de téléphone de vos utilisateurs et conducteurs pour"
            " gérer les cartes, et pour rien d'autre.",
            "nl": "Wij bewaren namen, adressen en telefoonnummers van uw gebruikers en bestuurders om de kaarten te"
            " beheren, en voor niets anders.",
        },
    },
)


def publish(operator: Actor, *, now: datetime) -> None:
    """Publish the general conditions, before there is any company to accept them."""
    with person_scope(operator.person):
        publish_conditions(
            conditions=list(CONDITIONS), after=0, actor=operator, now=now - CLIENT_SINCE - timedelta(days=1)
        )


def bring_in_cedar(*, now: datetime) -> None:
    """Make the company that stands before its first connection, its secondary users taken over but not invited."""
    company = bring_in(CEDAR, now=now, since=CEDAR_SINCE, initialised=False).company
    about: dict[str, Any] = {"company": company, "actor": system(SEEDER), "now": now - CEDAR_SINCE}
    with company_scope(company.pk):
        for contact, applications, changed in TAKEN_OVER:
            rights = Rights(
                profile=Membership.Profile.CONSULTATION, applications=applications, change_applications=changed
            )
            create_colleague(contact=contact, rights=rights, invite=False, **about)
