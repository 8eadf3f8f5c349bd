"""The addresses of a person's own safety; all stand under `/accounts/`."""

from __future__ import annotations

from django.urls import path

from accounts.safety.views import entrance, factor, own

app_name = "safety"

urlpatterns = [
    path("profile/", own.Profile.as_view(), name="profile"),
    path("security/", own.Overview.as_view(), name="overview"),
    path("security/email/", own.Email.as_view(), name="email"),
    path("security/mobile/", own.Mobile.as_view(), name="mobile"),
    path("security/mobile/code/", own.MobileCode.as_view(), name="mobile_code"),
    path("security/sessions/", own.Sessions.as_view(), name="sessions"),
    path("security/second-factor/", factor.SecondFactor.as_view(), name="second_factor"),
    path("security/second-factor/app/", factor.AddApp.as_view(), name="app"),
    path("security/second-factor/passkey/", factor.AddPasskey.as_view(), name="passkey"),
    path("security/second-factor/codes/", factor.RecoveryCodes.as_view(), name="codes"),
    path("email/confirm/<str:token>/", entrance.EmailConfirm.as_view(), name="email_confirm"),
    path("email/undo/<str:token>/", entrance.EmailUndo.as_view(), name="email_undo"),
    path("old-portal/", entrance.OldPortal.as_view(), name="old_portal"),
]
