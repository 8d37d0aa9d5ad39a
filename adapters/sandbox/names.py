"""Where the believable company's customers live, and what they are called. All domains are reserved ones."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """A country with what its companies and people are called."""

    code: str
    language: str
    currency: str
    regions: tuple[str, ...]
    stems: tuple[str, ...]
    trades: tuple[str, ...]
    forms: tuple[str, ...]
    given: tuple[str, ...]
    family: tuple[str, ...]
    desks: tuple[str, ...]  # the local part of an accounts department's address
    phone: str


_ENGLISH_STEMS = (
    *("Amber Creek", "Bayview", "Birchwood", "Blue Heron", "Bridgeport", "Cedar Hollow", "Copper Hill", "Crestline"),
    *("Driftwood", "Eastgate", "Fairmont", "Foxglove", "Granite Peak", "Greenfield", "Harbor Point", "Hazelton"),
    *("Ironwood", "Juniper", "Kingsley", "Lakeshore", "Maple Ridge", "Meadowbrook", "Millstone", "Northgate"),
    *("Oak Bend", "Pinecrest", "Quarry Road", "Redstone", "Riverside", "Saltmarsh", "Silver Birch", "Stonebridge"),
    *("Summit", "Tidewater", "Union Square", "Valley Forge", "Westbrook", "Whitewater", "Willow Run", "Yarrow"),
)
_ENGLISH_TRADES = (
    *("Hardware", "Interiors", "Outfitters", "Provisions", "Catering", "Bakery", "Landscaping", "Printing"),
    *("Dental", "Veterinary Clinic", "Bicycles", "Furniture", "Books", "Brewing", "Nurseries", "Electric"),
)
_ENGLISH_GIVEN = (
    *("Alice", "Ben", "Carla", "Derek", "Elena", "Frank", "Grace", "Hector", "Irene", "Jamal", "Kate", "Liam"),
    *("Monica", "Noah", "Olive", "Pablo", "Quinn", "Rosa", "Sam", "Tara"),
)
_ENGLISH_FAMILY = (
    *("Abbott", "Barnes", "Castillo", "Doyle", "Ellis", "Foster", "Grant", "Hayes", "Ingram", "Jordan", "Keller"),
    *("Lambert", "Mercer", "Nolan", "Ortiz", "Price", "Ramsey", "Sutton", "Turner", "Vance"),
)
_ENGLISH_DESKS = ("ap", "accounts", "billing", "payables", "invoices", "office")

UNITED_STATES = Country(
    code="US",
    language="en",
    currency="USD",
    regions=("NY", "NJ", "MA", "PA", "CA", "TX", "FL", "IL", "WA", "GA"),
    stems=_ENGLISH_STEMS,
    trades=_ENGLISH_TRADES,
    forms=("Inc.", "LLC", "Co.", "& Sons", "Group", ""),
    given=_ENGLISH_GIVEN,
    family=_ENGLISH_FAMILY,
    desks=_ENGLISH_DESKS,
    phone="+1 555 01",
)
CANADA = Country(
    code="CA",
    language="en",
    currency="CAD",
    regions=("ON", "BC", "AB", "NS"),
    stems=_ENGLISH_STEMS,
    trades=_ENGLISH_TRADES,
    forms=("Ltd.", "Inc.", "Corp."),
    given=_ENGLISH_GIVEN,
    family=_ENGLISH_FAMILY,
    desks=_ENGLISH_DESKS,
    phone="+1 555 02",
)
QUEBEC = Country(
    code="CA",
    language="fr",
    currency="CAD",
    regions=("QC",),
    stems=("Rivière-Rouge", "Mont-Blanc", "Les Érables", "Vieux-Port", "Laurier", "Bord-de-l'Eau"),
    trades=("Quincaillerie", "Menuiserie", "Traiteur", "Imprimerie"),
    forms=("inc.", "ltée"),
    given=("Geneviève", "Étienne", "Maxime", "Noémie"),
    family=("Tremblay", "Gagné", "Bélanger", "Côté"),
    desks=("comptes", "facturation", "comptabilite"),
    phone="+1 555 03",
)
GERMANY = Country(
    code="DE",
    language="de",
    currency="EUR",
    regions=("BE", "BY", "HH", "NW"),
    stems=("Müller", "Schröder", "Weiß", "Lindenhof", "Nordstern", "Grünwald", "Kästner", "Bergmann", "Überland"),
    trades=("Werkzeuge", "Möbelbau", "Großhandel", "Elektrotechnik", "Gartenbau", "Druckerei"),
    forms=("GmbH", "GmbH & Co. KG", "e. K.", "AG"),
    given=("Jürgen", "Käthe", "Lukas", "Annika", "Sören", "Ulrike"),
    family=("Schäfer", "Krüger", "Vogt", "Böhm", "Hartmann", "Lindner"),
    desks=("buchhaltung", "rechnung", "kreditoren", "info"),
    phone="+49 30 55501",
)
FRANCE = Country(
    code="FR",
    language="fr",
    currency="EUR",
    regions=("IDF", "ARA", "PAC"),
    stems=("L'Atelier Doré", "Chêne Vert", "Maison Lefèvre", "Côté Jardin", "Le Grand Marché", "Forêt Noire"),
    trades=("Menuiserie", "Épicerie", "Papeterie", "Électricité"),
    forms=("SARL", "SAS", "SA"),
    given=("Aurélie", "Benoît", "Chloé", "Rémi", "Zoé"),
    family=("Lefèvre", "Moreau", "Dubois", "Garçon", "Perrin"),
    desks=("comptabilite", "factures", "contact"),
    phone="+33 1 99 00 01",
)
SPAIN = Country(
    code="ES",
    language="es",
    currency="EUR",
    regions=("MD", "CT", "AN"),
    stems=("Peña Alta", "El Olivo", "Casa Núñez", "Mar Azul", "La Cañada", "Río Verde"),
    trades=("Ferretería", "Muebles", "Imprenta", "Jardinería"),
    forms=("S.L.", "S.A."),
    given=("Íñigo", "María José", "Álvaro", "Begoña"),
    family=("Núñez", "García", "Ibáñez", "Muñoz"),
    desks=("contabilidad", "facturas", "administracion"),
    phone="+34 91 555 01",
)
BRITAIN = Country(
    code="GB",
    language="en",
    currency="USD",
    regions=("ENG", "SCT"),
    stems=_ENGLISH_STEMS,
    trades=_ENGLISH_TRADES,
    forms=("Ltd", "plc", "LLP"),
    given=_ENGLISH_GIVEN,
    family=_ENGLISH_FAMILY,
    desks=_ENGLISH_DESKS,
    phone="+44 20 7946 01",
)
NETHERLANDS = Country(
    code="NL",
    language="en",
    currency="EUR",
    regions=("NH", "ZH"),
    stems=("De Gouden Leeuw", "Van ’t Hoff", "Zuiderzee", "Molenwijk"),
    trades=("Techniek", "Groothandel", "Bloemen"),
    forms=("B.V.", "N.V."),
    given=("Sjoerd", "Anouk", "Daniël"),
    family=("de Boer", "van Dijk", "Coëlho"),
    desks=("crediteuren", "administratie"),
    phone="+31 20 555 01",
)
JAPAN = Country(
    code="JP",
    language="en",
    currency="USD",
    regions=("13", "27"),
    stems=("Sakura", "Hoshino", "Kitamura", "Minato"),
    trades=("Trading", "Design", "Instruments"),
    forms=("K.K.", "Co., Ltd."),
    given=("Haruka", "Kenji", "Yui"),
    family=("Tanaka", "Sato", "Mori"),
    desks=("keiri", "accounts"),
    phone="+81 3 5550 01",
)

WEIGHTS: tuple[tuple[Country, int], ...] = (
    (UNITED_STATES, 62),
    (CANADA, 8),
    (QUEBEC, 3),
    (GERMANY, 9),
    (FRANCE, 5),
    (SPAIN, 4),
    (BRITAIN, 5),
    (NETHERLANDS, 2),
    (JAPAN, 2),
)
"""Where the customers are, in hundredths."""
