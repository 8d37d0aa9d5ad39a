"""What the contact rules ask about an account, gathered for the last gate before a message leaves."""

from datetime import time

from connector.accounts import Loaded
from connector.office import Office
from reminders.contact_rules import ContactFacts


def contact_facts(office: Office, loaded: Loaded, *, channel: str = "email") -> ContactFacts:
    """The account, the rules of its cadence and the company's own hours."""
    return ContactFacts(
        account=loaded.account,
        rules=office.cadence(loaded.cadence).rules,
        company_zone=office.zone,
        channel=channel,
        opens=time(office.sending.opens),
        closes=time(office.sending.closes),
    )
