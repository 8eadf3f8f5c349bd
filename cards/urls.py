"""The addresses of a company's cards and requests; the company's identifier stands before them."""

from django.urls import path

from cards.views import (
    acts,
    addresses,
    bulk,
    cards,
    changing,
    documents,
    held,
    home,
    orders,
    reissue,
    renewing,
    requests,
)

app_name = "cards"

urlpatterns = [
    path("", home.Home.as_view(), name="home"),
    path("cards/", cards.CardList.as_view(), name="list"),
    path("cards/new/", orders.OrderPage.as_view(), name="new"),
    path("cards/new/<int:pk>/", orders.CheckPage.as_view(), name="check"),
    path("cards/block/", bulk.BlockMany.as_view(), name="block_many"),
    path("cards/cancel/", renewing.CancelMany.as_view(), name="cancel_many"),
    path("cards/take_back/", renewing.TakeBackMany.as_view(), name="take_back_many"),
    path("cards/reissue/", reissue.ReissueMany.as_view(), name="reissue_many"),
    path("cards/<int:pk>/", cards.CardDetail.as_view(), name="card"),
    path("cards/<int:pk>/change/", changing.CardChange.as_view(), name="change"),
    path("cards/change/<int:pk>/", changing.ChangeCheck.as_view(), name="change_check"),
    path("cards/<int:pk>/copy/", cards.CardCopy.as_view(), name="copy"),
    path("cards/<int:pk>/block/", acts.CardBlock.as_view(), name="block"),
    path("cards/<int:pk>/cancel/", renewing.CardCancel.as_view(), name="cancel"),
    path("cards/<int:pk>/take_back/", renewing.CardTakeBack.as_view(), name="take_back"),
    path("cards/<int:pk>/reissue/", reissue.CardReissue.as_view(), name="reissue"),
    path("cards/<int:pk>/delete/", acts.CardDelete.as_view(), name="delete"),
    path("cards/<int:pk>/receive/", acts.CardReceive.as_view(), name="receive"),
    path("code-addresses/", addresses.CodeAddresses.as_view(), name="code_addresses"),
    path("requests/", requests.RequestList.as_view(), name="requests"),
    path("requests/<int:pk>/", requests.RequestDetail.as_view(), name="request"),
    path("requests/<int:pk>/withdraw/", requests.RequestWithdraw.as_view(), name="withdraw"),
    path("requests/<int:pk>/documents/new/", documents.DocumentAdd.as_view(), name="attach"),
    path("documents/<int:pk>/", documents.DocumentDownload.as_view(), name="document"),
    path("jobs/held/", held.HeldList.as_view(), name="held"),
    path("jobs/held/<int:pk>/run/", held.HeldRun.as_view(), name="held_run"),
    path("jobs/held/<int:pk>/drop/", held.HeldDrop.as_view(), name="held_drop"),
    path("jobs/<int:pk>/", bulk.JobProgress.as_view(), name="job"),
]
