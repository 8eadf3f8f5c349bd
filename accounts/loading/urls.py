"""The addresses of what is loaded from files, in a company's area and in the operator's."""

from __future__ import annotations

from django.urls import path

from accounts.loading import pages

company = [
    path("users/import/", pages.UserImport.as_view(), name="import_users"),
    path("users/import/<int:pk>/", pages.UserImportCheck.as_view(), name="import_users_check"),
    path("divisions/import/", pages.DivisionImport.as_view(), name="import_divisions"),
    path("divisions/import/<int:pk>/", pages.DivisionImportCheck.as_view(), name="import_divisions_check"),
]
operator = [
    path("companies/load/", pages.CompanyLoad.as_view(), name="load_company"),
    path("companies/load/<int:pk>/", pages.CompanyLoadCheck.as_view(), name="load_company_check"),
    path("companies/<int:pk>/first-connection/", pages.FirstConnectionMail.as_view(), name="first_connection_mail"),
]
