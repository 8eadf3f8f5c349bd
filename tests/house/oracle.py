"""Who gets what at which address: written by hand, from the domain's rules, and never read from the code (decision 12).

`login`: led to the sign-in. `ok`: answered. `deny`: 403, the right is missing. `hide`: 404, as if there were nothing.
"""

from __future__ import annotations

# ada: principal user. max: Management. cora: Consultation. fay: Accounting, who may open all but the requests. rita: an
# Administrator who may open the requests only, and only see them. nina: limited to number one. dan: limited to division
# north. ben: of Borea. abby: Management in Acme and in Borea, acting for Acme. otto: operator staff.
COLUMNS = (
    "anonymous", "ada", "max", "cora", "fay", "rita", "nina", "dan", "ben", "abby", "expired", "disabled", "dealer",
    "otto",
)  # fmt: skip
# vera: principal user of Cedar, whose first connection has not ended. walt: her colleague. Strangers elsewhere.
STRANGERS = {"vera": "ben", "walt": "ben"}
PERSONAS = (*COLUMNS, *STRANGERS)

# Personas of the security page that can't be anybody yet, with what they wait for (decision 13).
NOT_BUILT = {
    "dealer staff of another dealer": "dealers (DLR)",
    "operator impersonating": "support access (ADM)",
    "Administrator of an unverified or suspended company": "verification of companies (CMP)",
}

TABLE = """
                     anonymous ada  max  cora fay  rita nina dan  ben  abby expired disabled dealer otto
cards:home           login     ok   ok   ok   ok   ok   ok   ok   hide ok   hide    login    hide   hide
cards:list           login     ok   ok   ok   ok   deny ok   ok   hide ok   hide    login    hide   hide
cards:card           login     ok   ok   ok   ok   deny ok   ok   hide ok   hide    login    hide   hide
cards:new            login     ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
cards:check          login     ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
cards:copy           login     ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
cards:change         login     ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
cards:change_check   login     ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
cards:block          login     ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
cards:block_many     login     ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
cards:cancel         login     ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
cards:cancel_many    login     ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
cards:take_back      login     ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
cards:take_back_many login     ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
cards:reissue        login     ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
cards:reissue_many   login     ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
cards:delete         login     ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
cards:receive        login     ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
cards:code_addresses login     ok   ok   ok   ok   deny ok   ok   hide ok   hide    login    hide   hide
cards:requests       login     ok   ok   ok   deny ok   ok   ok   hide ok   hide    login    hide   hide
cards:request        login     ok   ok   ok   deny ok   ok   ok   hide ok   hide    login    hide   hide
cards:withdraw       login     ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
cards:attach         login     ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
cards:document       login     ok   ok   ok   deny ok   ok   ok   hide ok   hide    login    hide   hide
cards:job            login     ok   ok   ok   ok   ok   ok   ok   hide ok   hide    login    hide   hide
cards:held           login     ok   deny deny deny ok   deny deny hide deny hide    login    hide   hide
cards:held_run       login     ok   deny deny deny ok   deny deny hide deny hide    login    hide   hide
cards:held_drop      login     ok   deny deny deny ok   deny deny hide deny hide    login    hide   hide
safety:profile       login     ok   ok   ok   ok   ok   ok   ok   ok   ok   ok      login    ok     ok
safety:overview      login     ok   ok   ok   ok   ok   ok   ok   ok   ok   ok      login    ok     ok
safety:email         login     ok   ok   ok   ok   ok   ok   ok   ok   ok   ok      login    ok     ok
safety:mobile        login     ok   ok   ok   ok   ok   ok   ok   ok   ok   ok      login    ok     ok
safety:mobile_code   login     ok   ok   ok   ok   ok   ok   ok   ok   ok   ok      login    ok     ok
safety:sessions      login     ok   ok   ok   ok   ok   ok   ok   ok   ok   ok      login    ok     ok
safety:second_factor login     ok   ok   ok   ok   ok   ok   ok   ok   ok   ok      login    ok     ok
safety:app           login     ok   ok   ok   ok   ok   ok   ok   ok   ok   ok      login    ok     ok
safety:passkey       login     ok   ok   ok   ok   ok   ok   ok   ok   ok   ok      login    ok     ok
safety:codes         login     ok   ok   ok   ok   ok   ok   ok   ok   ok   ok      login    ok     ok
account:users        login     ok   ok   ok   ok   deny ok   ok   hide ok   hide    login    hide   hide
account:user         login     ok   ok   ok   ok   deny ok   ok   hide ok   hide    login    hide   hide
account:rights       login     ok   ok   ok   ok   deny ok   ok   hide ok   hide    login    hide   hide
account:new_user     login     ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
account:change_user  login     ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
account:deactivate_user login  ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
account:activate_user login    ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
account:invite_user  login     ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
account:withdraw_user login    ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
account:notices      login     ok   ok   ok   ok   ok   ok   ok   hide ok   hide    login    hide   hide
account:notice       login     ok   ok   ok   ok   ok   ok   ok   hide ok   hide    login    hide   hide
account:notices_read login     ok   ok   ok   ok   ok   ok   ok   hide ok   hide    login    hide   hide
account:my_notices   login     ok   ok   ok   ok   ok   ok   ok   hide ok   hide    login    hide   hide
account:notice_settings login  ok   deny deny deny ok   ok   ok   hide deny hide    login    hide   hide
accounts:mail        login     ok   ok   ok   ok   ok   ok   ok   ok   ok   ok      login    ok     ok
account:import_users login ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
account:import_users_check login ok ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
account:import_divisions login ok   ok   deny deny deny ok   deny hide ok   hide    login    hide   hide
account:import_divisions_check login ok ok deny deny deny ok deny hide ok   hide    login    hide   hide
account:start_introduction login hide hide hide hide hide hide hide hide hide hide  login   hide   hide
account:start_information login hide hide hide hide hide hide hide hide hide hide   login    hide   hide
account:start_users  login     hide hide hide hide hide hide hide hide hide hide    login    hide   hide
account:start_end    login     hide hide hide hide hide hide hide hide hide hide    login    hide   hide
account:waiting      login     hide hide hide hide hide hide hide hide hide hide    login    hide   hide
account:conditions   login     ok   deny deny deny deny deny deny hide deny hide    login    hide   hide
account:second_factor login    ok   deny deny deny ok   ok   ok   hide deny hide    login    hide   hide
account:own          login     ok   ok   ok   ok   ok   ok   ok   hide ok   hide    login    hide   hide
vehicles:list        login     ok   ok   ok   ok   deny ok   ok   hide ok   hide    login    hide   hide
vehicles:vehicle     login     ok   ok   ok   ok   deny ok   ok   hide ok   hide    login    hide   hide
vehicles:new         login     ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
vehicles:change      login     ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
vehicles:end         login     ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
vehicles:drivers     login     ok   ok   ok   ok   deny ok   ok   hide ok   hide    login    hide   hide
vehicles:driver      login     ok   ok   ok   ok   deny ok   ok   hide ok   hide    login    hide   hide
vehicles:new_driver  login     ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
vehicles:change_driver login ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
vehicles:end_driver  login     ok   ok   deny deny deny ok   ok   hide ok   hide    login    hide   hide
finder:search        login     ok   ok   ok   ok   ok   ok   ok   hide ok   hide    login    hide   hide
views:new            login     ok   ok   ok   ok   ok   ok   ok   hide ok   hide    login    hide   hide
views:change         login     ok   ok   ok   ok   ok   ok   ok   hide ok   hide    login    hide   hide
views:delete         login     ok   ok   ok   ok   ok   ok   ok   hide ok   hide    login    hide   hide
account:divisions    login ok   ok   ok   ok   deny ok   ok   hide ok   hide login hide hide
account:division     login ok   ok   ok   ok   deny ok   ok   hide ok   hide login hide hide
account:new_division login ok   ok   deny deny deny ok   deny hide ok   hide login hide hide
account:rename_division login ok   ok   deny deny deny ok   deny hide ok   hide login hide hide
account:close_division login ok   ok   deny deny deny ok   deny hide ok   hide login hide hide
account:open_division login ok   ok   deny deny deny ok   deny hide ok   hide login hide hide
account:move_division login ok   ok   deny deny deny ok   deny hide ok   hide login hide hide
account:remove_division login ok   ok   deny deny deny ok   deny hide ok   hide login hide hide
account:handover     login ok   deny deny deny deny deny deny hide deny hide login hide hide
account:options      login ok   deny deny deny ok   ok   ok   hide deny hide login hide hide
account:multipass    login ok   deny deny deny deny deny deny hide deny hide login hide hide
account:multipass_ask login ok   deny deny deny deny ok   deny hide deny hide login hide hide
account:multipass_decide login ok   deny deny deny deny deny deny hide deny hide login hide hide
account:activity     login ok   ok   ok   ok   ok   ok   ok   hide ok   hide login hide hide
downloads:list       login     ok   ok   ok   ok   ok   ok   ok   hide ok   hide    login    hide   hide
downloads:new        login     ok   ok   ok   ok   ok   ok   ok   hide ok   hide    login    hide   hide
downloads:file       login     ok   ok   ok   ok   ok   ok   ok   hide ok   hide    login    hide   hide
operator:home        login     hide hide hide hide hide hide hide hide hide hide    login    hide   ok
operator:requests    login     hide hide hide hide hide hide hide hide hide hide    login    hide   ok
operator:request     login     hide hide hide hide hide hide hide hide hide hide    login    hide   ok
operator:document    login     hide hide hide hide hide hide hide hide hide hide    login    hide   ok
operator:produce     login     hide hide hide hide hide hide hide hide hide hide    login    hide   ok
operator:code_addresses login  hide hide hide hide hide hide hide hide hide hide    login    hide   ok
operator:code_address login    hide hide hide hide hide hide hide hide hide hide    login    hide   ok
operator:code_address_change login hide hide hide hide hide hide hide hide hide hide login   hide   ok
operator:code_address_letter login hide hide hide hide hide hide hide hide hide hide login   hide   ok
operator:batches     login     hide hide hide hide hide hide hide hide hide hide    login    hide   ok
operator:batch       login     hide hide hide hide hide hide hide hide hide hide    login    hide   ok
operator:files       login     hide hide hide hide hide hide hide hide hide hide    login    hide   ok
operator:file        login     hide hide hide hide hide hide hide hide hide hide    login    hide   ok
operator:products    login     hide hide hide hide hide hide hide hide hide hide    login    hide   ok
operator:product     login     hide hide hide hide hide hide hide hide hide hide    login    hide   ok
operator:settle_file login     hide hide hide hide hide hide hide hide hide hide    login    hide   ok
operator:settle_line login     hide hide hide hide hide hide hide hide hide hide    login    hide   ok
operator:work        login     hide hide hide hide hide hide hide hide hide hide    login    hide   ok
operator:retry       login     hide hide hide hide hide hide hide hide hide hide    login    hide   ok
operator:mail        login     hide hide hide hide hide hide hide hide hide hide    login    hide   ok
operator:caught      login     hide hide hide hide hide hide hide hide hide hide    login    hide   ok
operator:view_new    login     hide hide hide hide hide hide hide hide hide hide    login    hide   ok
operator:view_change login     hide hide hide hide hide hide hide hide hide hide    login    hide   ok
operator:view_delete login     hide hide hide hide hide hide hide hide hide hide    login    hide   ok
operator:companies   login hide hide hide hide hide hide hide hide hide hide login hide ok
operator:company     login hide hide hide hide hide hide hide hide hide hide login hide ok
operator:options     login hide hide hide hide hide hide hide hide hide hide login hide ok
operator:multipass   login hide hide hide hide hide hide hide hide hide hide login hide ok
operator:multipass_decide login hide hide hide hide hide hide hide hide hide hide login hide ok
operator:conditions  login     hide hide hide hide hide hide hide hide hide hide    login    hide   ok
operator:load_company login    hide hide hide hide hide hide hide hide hide hide    login    hide   ok
operator:load_company_check login hide hide hide hide hide hide hide hide hide hide login    hide   ok
operator:first_connection_mail login hide hide hide hide hide hide hide hide hide hide login hide   ok
operator:conditions_new login  hide hide hide hide hide hide hide hide hide hide    login    hide   ok
operator:conditions_version login hide hide hide hide hide hide hide hide hide hide login    hide   ok
"""

# Pages of a company that has not started are walked in Cedar, and there these two are no strangers (ONB-5).
CEDAR = {
    "account:start_introduction": {"vera": "ok", "walt": "deny"},
    "account:start_information": {"vera": "ok", "walt": "deny"},
    "account:start_users": {"vera": "ok", "walt": "deny"},
    "account:start_end": {"vera": "ok", "walt": "deny"},
    "account:waiting": {"vera": "ok", "walt": "ok"},
}

# What each address answers to; every other method is 405 for who may come in, and OPTIONS says so.
READ, FORM = {"GET", "HEAD", "OPTIONS"}, {"GET", "HEAD", "POST", "OPTIONS"}
METHODS = {
    "cards:home": READ,
    "cards:list": READ,
    "cards:card": READ,
    "cards:new": FORM,
    "cards:check": FORM,
    "cards:copy": READ,
    "cards:change": FORM,
    "cards:change_check": FORM,
    "cards:block": FORM,
    "cards:block_many": FORM,
    "cards:cancel": FORM,
    "cards:cancel_many": FORM,
    "cards:take_back": FORM,
    "cards:take_back_many": FORM,
    "cards:reissue": FORM,
    "cards:reissue_many": FORM,
    "cards:delete": FORM,
    "cards:receive": FORM,
    "cards:code_addresses": READ,
    "cards:requests": READ,
    "cards:request": READ,
    "cards:withdraw": FORM,
    "cards:attach": FORM,
    "cards:document": READ,
    "cards:job": READ,
    "cards:held": READ,
    "cards:held_run": FORM,
    "cards:held_drop": FORM,
    "safety:profile": FORM,
    "safety:overview": READ,
    "safety:email": FORM,
    "safety:mobile": FORM,
    "safety:mobile_code": FORM,
    "safety:sessions": FORM,
    "safety:second_factor": FORM,
    "safety:app": FORM,
    "safety:passkey": FORM,
    "safety:codes": FORM,
    "account:second_factor": FORM,
    "account:notices": READ,
    "account:notice": FORM,
    "account:notices_read": FORM,
    "account:my_notices": FORM,
    "account:notice_settings": FORM,
    "accounts:mail": READ,
    "account:start_introduction": FORM,
    "account:start_information": FORM,
    "account:start_users": FORM,
    "account:start_end": FORM,
    "account:waiting": READ,
    "account:conditions": FORM,
    "operator:conditions": READ,
    "operator:conditions_new": FORM,
    "operator:conditions_version": READ,
    "account:import_users": FORM,
    "account:import_users_check": FORM,
    "account:import_divisions": FORM,
    "account:import_divisions_check": FORM,
    "operator:load_company": FORM,
    "operator:load_company_check": FORM,
    "operator:first_connection_mail": FORM,
    "account:users": READ,
    "account:user": READ,
    "account:rights": READ,
    "account:new_user": FORM,
    "account:change_user": FORM,
    "account:deactivate_user": FORM,
    "account:activate_user": FORM,
    "account:invite_user": FORM,
    "account:withdraw_user": FORM,
    "account:divisions": READ,
    "account:division": READ,
    "account:new_division": FORM,
    "account:rename_division": FORM,
    "account:close_division": FORM,
    "account:open_division": FORM,
    "account:move_division": FORM,
    "account:remove_division": FORM,
    "account:handover": FORM,
    "account:options": READ,
    "account:multipass": READ,
    "account:multipass_ask": FORM,
    "account:multipass_decide": FORM,
    "account:activity": READ,
    "operator:companies": READ,
    "operator:company": READ,
    "operator:options": FORM,
    "operator:multipass": READ,
    "operator:multipass_decide": FORM,
    "account:own": READ,
    "vehicles:list": READ,
    "vehicles:vehicle": READ,
    "vehicles:new": FORM,
    "vehicles:change": FORM,
    "vehicles:end": FORM,
    "vehicles:drivers": READ,
    "vehicles:driver": READ,
    "vehicles:new_driver": FORM,
    "vehicles:change_driver": FORM,
    "vehicles:end_driver": FORM,
    "downloads:list": READ,
    "downloads:new": FORM,
    "downloads:file": READ,
    "finder:search": READ,
    "views:new": FORM,
    "views:change": FORM,
    "views:delete": FORM,
    "operator:view_new": FORM,
    "operator:view_change": FORM,
    "operator:view_delete": FORM,
    "operator:home": READ,
    "operator:requests": READ,
    "operator:request": READ,
    "operator:document": READ,
    "operator:produce": FORM,
    "operator:code_addresses": READ,
    "operator:code_address": READ,
    "operator:code_address_change": FORM,
    "operator:code_address_letter": READ,
    "operator:batches": READ,
    "operator:batch": READ,
    "operator:files": READ,
    "operator:file": READ,
    "operator:products": READ,
    "operator:product": FORM,
    "operator:settle_file": FORM,
    "operator:settle_line": FORM,
    "operator:work": READ,
    "operator:retry": FORM,
    "operator:mail": READ,
    "operator:caught": READ,
}

# The kind of object an address is about (tests/house/world.py), in a status that allows what the page does.
OBJECT = {
    "account:notice": "notice",
    "accounts:mail": "mail",
    "account:user": "colleague",
    "account:import_users_check": "user_file",
    "account:import_divisions_check": "division_file",
    "operator:load_company_check": "company_file",
    "operator:first_connection_mail": "waiting_company",
    "account:change_user": "colleague",
    "account:deactivate_user": "colleague",
    "account:activate_user": "inactive",
    "account:invite_user": "invited",
    "account:withdraw_user": "invited",
    "account:division": "division",
    "account:rename_division": "division",
    "account:close_division": "division",
    "account:open_division": "closed_division",
    "account:move_division": "division",
    "account:remove_division": "empty_division",
    "account:multipass_decide": "multipass",
    "operator:company": "company",
    "operator:options": "company",
    "operator:multipass_decide": "operator_multipass",
    "vehicles:vehicle": "vehicle",
    "vehicles:change": "vehicle",
    "vehicles:end": "vehicle",
    "vehicles:driver": "driver",
    "vehicles:change_driver": "driver",
    "vehicles:end_driver": "driver",
    "cards:card": "active",
    "cards:check": "draft",
    "cards:copy": "active",
    "cards:change": "active",
    "cards:change_check": "change_draft",
    "cards:block": "active",
    "cards:cancel": "active",
    "cards:take_back": "cancelled",
    "cards:reissue": "active",
    "cards:delete": "new",
    "cards:receive": "arriving",
    "cards:request": "new_request",
    "cards:withdraw": "new_request",
    "cards:attach": "new_request",
    "cards:document": "document",
    "cards:job": "job",
    "cards:held_run": "held",
    "cards:held_drop": "held",
    "downloads:file": "download",
    "views:change": "view",
    "views:delete": "view",
    "operator:view_change": "staff_view",
    "operator:view_delete": "staff_view",
    "operator:conditions_version": "conditions",
    "operator:request": "new_request",
    "operator:document": "document",
    "operator:code_address": "customer_number",
    "operator:code_address_change": "customer_number",
    "operator:code_address_letter": "address_change",
    "operator:product": "product",
    "operator:batch": "batch",
    "operator:file": "file",
    "operator:settle_file": "file",
    "operator:settle_line": "aside_line",
    "operator:retry": "stopped",
}
# The same, in a status that does not: the answer leads to `refused_url`, and nothing is written.
REFUSED = {
    "account:change_user": ("principal", "account:user"),
    "operator:first_connection_mail": ("company", "operator:company"),
    "account:deactivate_user": ("inactive", "account:user"),
    "account:activate_user": ("colleague", "account:user"),
    "account:invite_user": ("colleague", "account:user"),
    "account:withdraw_user": ("colleague", "account:user"),
    "account:close_division": ("closed_division", "account:division"),
    "account:open_division": ("division", "account:division"),
    "account:move_division": ("empty_division", "account:division"),
    "account:remove_division": ("division", "account:division"),
    "account:multipass_decide": ("answered_multipass", "account:multipass"),
    "operator:multipass_decide": ("answered_operator_multipass", "operator:multipass"),
    "vehicles:change": ("left_vehicle", "vehicles:vehicle"),
    "vehicles:end": ("left_vehicle", "vehicles:vehicle"),
    "vehicles:change_driver": ("left_driver", "vehicles:driver"),
    "vehicles:end_driver": ("left_driver", "vehicles:driver"),
    "cards:change": ("blocked", "cards:card"),
    "cards:block": ("blocked", "cards:card"),
    "cards:cancel": ("cancelled", "cards:card"),
    "cards:take_back": ("active", "cards:card"),
    "cards:reissue": ("blocked", "cards:card"),
    "cards:delete": ("active", "cards:card"),
    "cards:receive": ("new", "cards:card"),
    "cards:withdraw": ("active_request", "cards:request"),
    "cards:attach": ("active_request", "cards:request"),
    "cards:held_run": ("done", "cards:held"),
    "cards:held_drop": ("done", "cards:held"),
    "operator:retry": ("done", "operator:work"),
    "operator:settle_file": ("settled_file", "operator:file"),
}

EVERYWHERE = {"own", "other_division", "no_division", "other_number"}
# Whose objects each person sees in Acme, beside nobody another company's and nothing that does not exist.
SEES = {
    "ada": EVERYWHERE,
    "max": EVERYWHERE,
    "cora": EVERYWHERE,
    "fay": EVERYWHERE,
    "rita": EVERYWHERE,
    "nina": {"own", "other_division", "no_division"},
    "dan": {"own"},
    "abby": EVERYWHERE,
}
SCOPES = ("own", "other_division", "no_division", "other_number", "other_company", "not_existing")
# A form that somebody began and a bulk action that somebody asked for are their own alone.
PERSONAL = {"draft", "change_draft", "job", "download", "view", "notice", "mail", "user_file", "division_file"}
PERSONAL_SCOPES = ("own", "colleague", "other_company", "not_existing")
# Held work is the whole company's, and its administrators' to decide on.
COMPANY_WIDE = {"held", "multipass"}
COMPANY_SCOPES = ("own", "other_company", "not_existing")
# Operator staff see every company's; batches and files are the operator's own.
OPERATOR_SCOPES = {
    "company": ("own", "other_company", "not_existing"),
    "operator_multipass": ("own", "other_company", "not_existing"),
    "staff_view": ("own", "not_existing"),
    "conditions": ("own", "not_existing"),
    "company_file": ("own", "not_existing"),
    "waiting_company": ("own", "not_existing"),
    "new_request": ("own", "other_company", "not_existing"),
    "document": ("own", "other_company", "not_existing"),
    "stopped": ("own", "other_company", "not_existing"),
    "customer_number": ("own", "other_company", "not_existing"),
    "address_change": ("own", "other_company", "not_existing"),
    "product": ("own", "not_existing"),
    "batch": ("own", "not_existing"),
    "file": ("own", "not_existing"),
    "aside_line": ("own", "not_existing"),
}

# Addresses that are no pages of the portal: what a signed-out and a signed-in person get for GET and for an empty POST.
ENTRANCE = {
    # A link that nobody sent.
    "accounts:join": (("hide", "hide"), ("hide", "hide")),
    "accounts:invitation": (("hide", "hide"), ("hide", "hide")),
    # name: (signed out: GET, POST), (signed in: GET, POST)
    "healthz": (("503", "none"), ("503", "none")),
    "livez": (("ok", "none"), ("ok", "none")),
    "accounts:start": (("login", "login"), ("ok", "none")),
    "accounts:language": (("none", "400"), ("none", "400")),
    "accounts:theme": (("login", "login"), ("none", "400")),
    "account_login": (("ok", "ok"), ("ok", "ok")),
    "account_logout": (("login", "login"), ("ok", "login")),
    "account_inactive": (("ok", "none"), ("ok", "none")),
    "account_reauthenticate": (("login", "login"), ("ok", "ok")),
    "account_change_password": (("login", "login"), ("ok", "ok")),
    "mfa_authenticate": (("login", "login"), ("ok", "ok")),
    "safety:email_confirm": (("410", "410"), ("410", "410")),
    "safety:email_undo": (("410", "410"), ("410", "410")),
    "safety:old_portal": (("ok", "ok"), ("ok", "ok")),
    "account_reset_password": (("ok", "ok"), ("ok", "ok")),
    "account_reset_password_done": (("ok", "none"), ("ok", "none")),
    "account_reset_password_from_key": (("ok", "ok"), ("ok", "ok")),
    "account_reset_password_from_key_done": (("ok", "none"), ("ok", "none")),
}
# What stands in such an address: nothing that was ever given out.
ENTRANCE_ARGS = {
    "account_reset_password_from_key": ["1a", "key"],
    "accounts:invitation": ["0" * 64],
    "safety:email_confirm": ["1-made-up"],
    "safety:email_undo": ["1-made-up"],
}


def table() -> dict[str, dict[str, str]]:
    """Return the table: address, person, answer."""
    head, *lines = (line.split() for line in TABLE.strip().splitlines())
    assert tuple(head) == COLUMNS
    cells = {line[0]: dict(zip(head, line[1:], strict=True)) for line in lines}
    for name, row in cells.items():
        row |= {persona: row[stranger] for persona, stranger in STRANGERS.items()} | CEDAR.get(name, {})
    return cells
