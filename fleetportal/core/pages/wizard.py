"""A wizard: steps with a form each, kept in a row, so that one can leave and go on later on any device (ONB-3)."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, resolve_url
from django.urls import URLPattern, path
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from fleetportal.core import formkeys
from fleetportal.core.drafts import WIZARD, Draft
from fleetportal.core.http import PortalRequest
from fleetportal.core.pages.forms import FormPage, Refused

# What a form sends beside its fields: never kept.
_NOT_TYPED = (formkeys.FIELD, "csrfmiddlewaretoken", "later", "go")


class Elsewhere(Exception):
    """This step is not open; its text is the address of the one that is."""


class Step:
    """One step of a wizard: its form and what it shows. Made anew for each request, with the page it stands on.

    `secrets` name fields that are never kept as typed: after an interruption they are asked for again, unless `seal`
    returned something to keep in their stead.
    """

    name: ClassVar[str]
    label: Any = ""
    title: Any = ""
    lead: Any = ""
    submit_label: Any = pgettext_lazy("step", "Next")
    template_name: ClassVar[str] = "pages/wizard.html"
    form_class: type[forms.Form] = forms.Form
    secrets: ClassVar[tuple[str, ...]] = ()

    def __init__(self, page: Any) -> None:
        self.page = page

    def make_form(self, data: Any = None, files: Any = None, **initial: Any) -> forms.Form:
        """Return the step's form, empty or with what was sent; `initial` goes before what it shows by itself."""
        return self.form_class(data, files, **{"initial": self.initial() | initial} | self.form_kwargs())

    def initial(self) -> dict[str, Any]:
        """Return what the form shows while nothing was typed."""
        return {}

    def form_kwargs(self) -> dict[str, Any]:
        """Return further arguments for the form."""
        return {}

    def extra(self, form: forms.Form) -> dict[str, Any]:
        """Return what else the template shows."""
        return {}

    def typed(self, data: QueryDict) -> QueryDict:
        """Return what of a kept form still counts; an empty one where what it was about has changed since."""
        return data

    def seal(self, form: forms.Form) -> bytes | None:
        """Return a secret of this step, sealed, to be kept with the draft; one step of a wizard may have one."""
        return None

    def take(self, form: forms.Form) -> bool:
        """Do what sending this step does at once, and say whether one goes on; most wait for the end.

        May raise ValidationError or TransitionLost. Who stays begins the step anew: what was typed is done with.
        """
        return True


class WizardPage(FormPage):
    """The steps of a wizard, an address each; name `CompanyPage` or another base beside it.

    What was typed is kept when one goes on, goes back or leaves, valid or not, in one draft for each person and
    company. `finish` does the work at the end, in one transaction, with all forms checked once more.
    """

    template_name = "pages/wizard.html"
    form_class = forms.Form
    kind: ClassVar[str]
    url_name: ClassVar[str]
    steps: ClassVar[tuple[type[Step], ...]]
    step = ""

    @classmethod
    def addresses(cls, route: str) -> list[URLPattern]:
        """Return the addresses of all steps below `route`, for a list of urlpatterns."""
        name = cls.url_name.rpartition(":")[2]
        return [path(f"{route}{one.name}/", cls.as_view(step=one.name), name=f"{name}_{one.name}") for one in cls.steps]

    @classmethod
    def draft_of(cls, person: int) -> Draft | None:
        """Return what that person has begun in the company in scope, or None."""
        return Draft.objects.filter(user_id=person, kind=WIZARD + cls.kind).first()

    @classmethod
    def place(cls, person: int, names: list[str]) -> str:
        """Return the name of the step at which that person is, of those that this wizard has for them."""
        draft = cls.draft_of(person)
        at = draft.data["at"] if draft else ""
        return at if at in names else names[0]

    # --- What a wizard says ------------------------------------------------------------------------------------------

    def chosen(self) -> list[type[Step]]:
        """Return the steps that there are for this person, in their order."""
        return list(self.steps)

    def over(self) -> str:
        """Return where a wizard leads that has ended already, or an empty text while it has not."""
        return ""

    def back_to(self, name: str, sentence: str = "") -> None:
        """Lead to a step that has to be put right, with the sentence why."""
        self._back_to = self.step_url(name)
        raise Refused(sentence or _("Something in this step is not right any more. Look at it again."))

    def before_end(self) -> None:
        """Lead back (`back_to`) for what stands against the end beside a step that is wrong."""

    def finish(self, done: dict[str, forms.Form]) -> str:
        """Do the work with the checked forms by step, and return the address to go to. Its service keeps the audit."""
        raise NotImplementedError

    def step_url(self, name: str) -> str:
        """Return the address of a step."""
        return self.url(f"{self.url_name}_{name}")

    def refused_url(self) -> str:
        """Show a refusal at the step that can be put right."""
        return self._back_to or self.request.path

    # --- How it goes -------------------------------------------------------------------------------------------------

    def dispatch(self, request: PortalRequest, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]  # as Page
        """Lead from a step that is not open to the one that is."""
        self._back_to = ""
        try:
            return super().dispatch(request, *args, **kwargs)
        except Elsewhere as elsewhere:
            return redirect(str(elsewhere))

    def prepare(self) -> None:
        """Find the draft and the step; one that was not reached yet leads to where this person is."""
        if url := self.over():
            raise Elsewhere(url)
        self.draft = self.draft_of(self.actor.person)
        self.ahead = [one(self) for one in self.chosen()]
        self.names = [one.name for one in self.ahead]
        if self.step not in self.names or self.names.index(self.step) > self._reached():
            raise Elsewhere(self.step_url(self.place(self.actor.person, self.names)))
        self.now_at = self.ahead[self.names.index(self.step)]

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show the step as it was left."""
        self.prepare()
        return self.show_form(self._unsent(self.now_at))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Go on with what is right; go back, or leave, with whatever was typed."""
        self.prepare()
        if "later" in request.POST:
            self._keep(at=self.step)
            return self._leave()
        if "go" in request.POST:
            at = max(0, self.names.index(self.step) - 1)
            self._keep(at=self.names[at])
            return redirect(self.step_url(self.names[at]))
        return super().post(request, **kwargs)

    def make_form(self, data: Any = None, files: Any = None) -> forms.Form:
        """Return the form of the step."""
        return self.now_at.make_form(data, files)

    def act(self, form: forms.Form) -> str:
        """Take the step and go on to the next; behind the last one stands the end."""
        if not self.now_at.take(form):
            self._keep(at=self.step, typed=QueryDict())
            return self.step_url(self.step)
        place = self.names.index(self.step) + 1
        if place == len(self.names):
            return self._end()
        self._keep(at=self.names[place], reached=place, sealed=self.now_at.seal(form))
        return self.step_url(self.names[place])

    def show_form(self, form: forms.Form) -> HttpResponse:
        """Render the step with the bar, and what one can do here."""
        place = self.names.index(self.step)
        self.lead = self.now_at.lead
        context: dict[str, Any] = {
            "bar": [
                {"label": one.label, "state": "done" if at < place else "current" if at == place else "ahead"}
                for at, one in enumerate(self.ahead)
            ],
            "can_go_back": place > 0,
        }
        return self.show(
            self.now_at.template_name,
            title=self.now_at.title or self.now_at.label,
            form=form,
            form_key=formkeys.new_key(),
            submit_label=self.now_at.submit_label,
            **context | self.now_at.extra(form),  # noqa: S610  # no queryset
        )

    # --- What is kept ------------------------------------------------------------------------------------------------

    def kept(self, name: str) -> QueryDict:
        """Return what was typed at a step, as its form sent it."""
        return QueryDict(self.draft.data["typed"].get(name, "") if self.draft else "")

    def _reached(self) -> int:
        """Return the place of the last step that is open."""
        reached = self.draft.data["reached"] if self.draft else ""
        return self.names.index(reached) if reached in self.names else 0

    def _unsent(self, step: Step) -> forms.Form:
        """Return a step's form with what was typed there, half of it or wrong as it may be, and no errors yet."""
        typed = step.typed(self.kept(step.name))
        if not typed:
            return step.make_form()
        empty = step.make_form()
        # A widget takes apart what it sent; a field would judge it.
        return step.make_form(
            **{
                name: field.widget.value_from_datadict(typed, MultiValueDict(), empty.add_prefix(name))
                for name, field in empty.fields.items()
                if name not in step.secrets
            }
        )

    def _keep(self, *, at: str, reached: int = 0, sealed: bytes | None = None, typed: QueryDict | None = None) -> None:
        """Keep what was typed here; of two windows at once each keeps its own step."""
        fresh = Draft(
            user_id=self.actor.person,
            kind=WIZARD + self.kind,
            data={"at": at, "reached": self.names[0], "typed": {}},
            created_at=self.now,
            updated_at=self.now,
        )
        Draft.objects.bulk_create([fresh], ignore_conflicts=True)
        self.draft = Draft.objects.select_for_update().get(user_id=fresh.user_id, kind=fresh.kind)
        data = self.request.POST.copy() if typed is None else typed.copy()
        for name in (*_NOT_TYPED, *self.now_at.secrets):
            data.pop(name, None)
        self.draft.data["typed"][self.step] = data.urlencode()
        self.draft.data["at"] = at
        self.draft.data["reached"] = self.names[max(self._reached(), reached)]
        self.draft.sealed = sealed if sealed is not None else self.draft.sealed
        self.draft.updated_at = self.now
        self.draft.save(update_fields=["data", "sealed", "updated_at"])

    def _leave(self) -> HttpResponse:
        """Sign out; the next sign-in, on any device, leads back here."""
        logout(self.request)
        messages.info(self.request, _("You are signed out. What you entered is kept: sign in again to go on."))
        return redirect(resolve_url(settings.LOGIN_URL))

    def _end(self) -> str:
        """Check every step once more, do the work, and put the draft away; of two windows at once the first does it."""
        mine = Draft.objects.select_for_update().filter(user_id=self.actor.person, kind=WIZARD + self.kind)
        self.draft = mine.first()
        if self.draft is None:
            messages.info(self.request, _("This was finished already, in another window."))
            return self.over() or "/"
        self.before_end()
        done: dict[str, forms.Form] = {}
        for step in self.ahead:
            form = step.make_form(step.typed(self.kept(step.name)))
            if step.name != self.step and not form.is_valid():
                self.back_to(step.name)
            done[step.name] = form
        receipt = self.finish(done)
        self.draft.delete()
        return receipt
