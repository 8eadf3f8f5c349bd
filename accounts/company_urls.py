"""The addresses of a company's own settings: its users, divisions, notices (`/PRO-XXXXXX/…`)."""

from __future__ import annotations

from django.urls import path

from accounts.colleagues import actions, overview, views
from accounts.loading import urls as loading
from accounts.notices import views as notices
from accounts.onboarding.pages import ConditionsPage, FirstConnection, Waiting
from accounts.own.pages import OwnView
from accounts.safety.views.factor import RequireSecondFactor
from accounts.settings import activity, division_pages, handover, multipass_pages, options

app_name = "account"

urlpatterns = [
    path("mine/", OwnView.as_view(), name="own"),
    path("users/", views.UserList.as_view(), name="users"),
    path("users/new/", views.NewUser.as_view(), name="new_user"),
    path("users/rights/", overview.RightsOverview.as_view(), name="rights"),
    path("users/<int:pk>/", views.UserDetail.as_view(), name="user"),
    path("users/<int:pk>/change/", views.ChangeUser.as_view(), name="change_user"),
    path("users/<int:pk>/deactivate/", actions.Deactivate.as_view(), name="deactivate_user"),
    path("users/<int:pk>/activate/", actions.Activate.as_view(), name="activate_user"),
    path("users/<int:pk>/invite/", actions.Invite.as_view(), name="invite_user"),
    path("users/<int:pk>/withdraw/", actions.Withdraw.as_view(), name="withdraw_user"),
    *loading.company,
    path("notices/", notices.NoticeList.as_view(), name="notices"),
    path("notices/read/", notices.ReadAll.as_view(), name="notices_read"),
    path("notices/mine/", notices.MyNotices.as_view(), name="my_notices"),
    path("notices/settings/", notices.NoticeSettings.as_view(), name="notice_settings"),
    path("notices/<int:pk>/", notices.OpenNotice.as_view(), name="notice"),
    path("divisions/", division_pages.DivisionList.as_view(), name="divisions"),
    path("divisions/new/", division_pages.NewDivision.as_view(), name="new_division"),
    path("divisions/<int:pk>/", division_pages.DivisionDetail.as_view(), name="division"),
    path("divisions/<int:pk>/rename/", division_pages.RenameDivision.as_view(), name="rename_division"),
    path("divisions/<int:pk>/close/", division_pages.CloseDivision.as_view(), name="close_division"),
    path("divisions/<int:pk>/open/", division_pages.OpenDivision.as_view(), name="open_division"),
    path("divisions/<int:pk>/move/", division_pages.MoveDivision.as_view(), name="move_division"),
    path("divisions/<int:pk>/remove/", division_pages.RemoveDivision.as_view(), name="remove_division"),
    path("handover/", handover.Handover.as_view(), name="handover"),
    path("options/", options.OptionsView.as_view(), name="options"),
    path("multipass/", multipass_pages.MultipassList.as_view(), name="multipass"),
    path("multipass/ask/", multipass_pages.MultipassAsk.as_view(), name="multipass_ask"),
    path("multipass/<int:pk>/", multipass_pages.MultipassDecide.as_view(), name="multipass_decide"),
    path("activity/", activity.ActivityList.as_view(), name="activity"),
    path("second-factor/", RequireSecondFactor.as_view(), name="second_factor"),
    *FirstConnection.addresses("start/"),
    path("start/waiting/", Waiting.as_view(), name="waiting"),
    path("conditions/", ConditionsPage.as_view(), name="conditions"),
]
