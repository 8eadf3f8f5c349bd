"""Every address of the portal."""

from __future__ import annotations

from django.urls import include, path, register_converter

from fleetportal.core import health
from fleetportal.core.converters import CompanyConverter

register_converter(CompanyConverter, "company")

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("livez", health.livez, name="livez"),
    path("", include("accounts.urls")),
    path("<company:company>/downloads/", include("fleetportal.downloads.urls")),
    path("<company:company>/views/", include("fleetportal.saving.urls")),
    path("<company:company>/search/", include("fleetportal.core.pages.finder_urls")),
    path("<company:company>/", include("cards.urls")),
    path("<company:company>/", include("vehicles.urls")),
    path("<company:company>/", include("accounts.company_urls")),
    path("operator/", include("cards.operator.urls")),
]

handler400 = "fleetportal.core.errors.bad_request"
handler403 = "accounts.settings.options.forbidden"
handler404 = "fleetportal.core.errors.not_found"
handler500 = "fleetportal.core.errors.server_error"
