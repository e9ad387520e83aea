from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

validate_country = RegexValidator(
    r"^[A-Z]{2}\Z", _("Give the country as two capital letters, such as DE.")
)
validate_currency = RegexValidator(
    r"^[A-Z]{3}\Z", _("Give the currency as three capital letters, such as EUR.")
)
validate_mpn_id = RegexValidator(r"^[0-9]{4,20}\Z", _("An MPN ID has digits only."))
validate_domain = RegexValidator(
    r"^(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]\Z",
    _("Give a domain such as contoso.example, without https:// and without a path."),
)
