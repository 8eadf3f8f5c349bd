"""What the entries about companies, users and divisions are called on *Activity*; imported when the portal starts."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.colleagues.finding import KIND
from accounts.models import Company, FleetDivision, Membership
from fleetportal.core.activity import Subject, declare_subject, declare_verbs
from fleetportal.core.named import declare_mails, declare_work
from fleetportal.core.work_models import WorkItem

declare_subject(Subject(Membership, _("User"), "users.see", label="name", page="account:user", search_kind=KIND))
declare_subject(Subject(Company, _("Company"), "company.settings", label="legal_name"))
declare_subject(Subject(FleetDivision, _("Fleet division"), "divisions.see", label="name", page="account:division"))
declare_subject(Subject(WorkItem, _("Held work"), "work.decide", label="subject"))
declare_verbs(
    {
        "accounts.company_created": _("Company created"),
        "accounts.initialised": _("First connection ended"),
        "accounts.conditions_accepted": _("General conditions accepted"),
        "accounts.options_changed": _("Parts of the portal changed"),
        "accounts.number_added": _("Customer number added"),
        "accounts.second_factor_required": _("Second factor required"),
        "accounts.second_factor_not_required": _("Second factor not required any more"),
        "accounts.principal_changed": _("Principal user changed"),
        "accounts.principal_given": _("Role of the principal user handed over"),
        "accounts.principal_taken": _("Role of the principal user taken over"),
        "accounts.member_added": _("User created"),
        "accounts.member_changed": _("User changed"),
        "accounts.invited": _("User invited"),
        "accounts.invitation_ended": _("Invitation ended"),
        "accounts.invitation_wrong": _("Wrong answer to an invitation"),
        "accounts.joined": _("User joined"),
        "multipass.asked": _("Customer number asked for"),
        "multipass.approved": _("Customer number approved"),
        "multipass.refused": _("Customer number refused"),
        "divisions.created": _("Division created"),
        "divisions.renamed": _("Division renamed"),
        "divisions.closed": _("Division closed"),
        "divisions.opened": _("Division opened again"),
        "divisions.removed": _("Division removed"),
        "divisions.emptied": _("Content of a division moved"),
        "divisions.filled": _("Content of a division taken over"),
        "notices.chosen": _("Own notices chosen"),
        "notices.recipients_changed": _("Recipients of notices changed"),
        "work.retry": _("Work repeated"),
        "work.take_over": _("Held work carried out"),
        "work.drop": _("Held work dropped"),
    }
)
declare_work(
    {
        "accounts.end_sessions": _("Sign out users whose validity has ended"),
        "accounts.forget_failures": _("Remove old failed sign-ins"),
        "accounts.forget_notices": _("Remove old notices"),
        "accounts.forget_sessions": _("Remove old sessions"),
        "accounts.import_divisions": _("Fleet divisions from a file"),
        "accounts.import_users": _("Users from a file"),
        "accounts.invite_taken_over": _("Invite users after the first connection"),
        "accounts.promise_summaries": _("Prepare the daily summaries"),
        "accounts.send_summary": _("Daily summary"),
        "accounts.send_text": _("Text message with a code"),
    }
)
declare_mails(
    {
        "colleague_changed": _("Own rights changed"),
        "colleague_invited": _("Invitation"),
        "email_changed": _("E-mail address changed"),
        "email_confirm": _("Confirm an e-mail address"),
        "first_connection": _("First connection"),
        "invitation_ended": _("Invitation ended"),
        "mobile_confirmed": _("Mobile number confirmed"),
        "mobile_given_up": _("Mobile number given up"),
        "multipass_answered": _("Customer number: the answer"),
        "multipass_asked": _("Customer number asked for"),
        "notice_summary": _("Daily summary"),
        "old_portal": _("Sign-in with the old user name"),
        "password_changed": _("Password changed"),
        "password_reset": _("New password asked for"),
        "principal_given": _("Role of the principal user handed over"),
        "principal_taken": _("Role of the principal user taken over"),
        "profile_changed": _("Own data changed"),
        "recovery_code_used": _("Recovery code used"),
        "recovery_codes_renewed": _("New recovery codes made"),
        "second_factor_added": _("Second factor added"),
        "second_factor_removed": _("Second factor removed"),
    }
)
