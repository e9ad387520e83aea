from django.urls import path

from . import account, codes, passwords, views

urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in/", views.sign_in, name="sign-in"),
    path("sign-in/code/", codes.sign_in_code, name="sign-in-code"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("glossary/", views.glossary, name="glossary"),
    path("account/", account.overview, name="account"),
    path("account/notices/", account.notices, name="account-notices"),
    path("account/password/", account.password, name="account-password"),
    path("account/second-factor/", account.set_up, name="account-second-factor"),
    path(
        "account/recovery-codes/", account.recovery_codes, name="account-recovery-codes"
    ),
    path(
        "account/second-factor/remove/",
        account.remove,
        name="account-remove-second-factor",
    ),
    path(
        "account/sign-out-everywhere/",
        account.sign_out_everywhere,
        name="account-sign-out-everywhere",
    ),
    path("password/", passwords.ask, name="password-reset"),
    path("password/sent/", passwords.sent, name="password-reset-sent"),
    path("password/done/", passwords.done, name="password-reset-done"),
    path(
        "password/new/<uidb64>/<token>/",
        passwords.SetPassword.as_view(),
        name="password-reset-confirm",
    ),
]
