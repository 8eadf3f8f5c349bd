"""The addresses of signing in. allauth expects its own names for them, without a namespace."""

from __future__ import annotations

from allauth.account import views as allauth_views
from django.urls import include, path, re_path

from accounts import views
from accounts.colleagues import joining_views
from accounts.notices.views import MailPage
from accounts.safety.views.factor import SignInSecondFactor

# What is not named here does not exist: no sign-up, no list of addresses, no sign-in by code.
entrance = [
    path("login/", views.LoginView.as_view(), name="account_login"),
    path("logout/", allauth_views.logout, name="account_logout"),
    path("inactive/", allauth_views.account_inactive, name="account_inactive"),
    # allauth's stage of the sign-in looks for this name.
    path("second-factor/", SignInSecondFactor.as_view(), name="mfa_authenticate"),
    path("reauthenticate/", views.ReauthenticateView.as_view(), name="account_reauthenticate"),
    path("password/change/", views.PasswordChangeView.as_view(), name="account_change_password"),
    path("password/reset/", views.PasswordResetView.as_view(), name="account_reset_password"),
    path("password/reset/done/", allauth_views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.PasswordResetFromKeyView.as_view(),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        allauth_views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]

own = [
    path("", views.start, name="start"),
    path("accounts/language/", views.language, name="language"),
    path("accounts/theme/", views.theme, name="theme"),
    path("mail/<int:pk>/", MailPage.as_view(), name="mail"),
    path("invitations/", joining_views.join, name="join"),
    path("invitations/<str:token>/", joining_views.invitation, name="invitation"),
]

urlpatterns = [
    path("", include((own, "accounts"))),
    path("accounts/", include(entrance)),
    path("accounts/", include("accounts.safety.urls")),
]
