r"""Formulas of losses, penalties and metrics, in LaTeX, by gin name.

They say in one line what the code computes, in the notation of papers:

  x, \hat x   real and fake images        z, y    latents, labels
  D(x)        the logit                   \zeta   softplus, log(1 + e^t)
  \sigma      the sigmoid; of a matrix, its largest singular value
  [t]_+       max(0, t)                   E       the mean over the batch

The site shows them as MathML, which browsers draw without any script.
"""

_REAL = r"D(x)"
_FAKE = r"D(\hat x)"
_SLOPE = r"\lVert \nabla_{%s} D(%s) \rVert"


def _losses(d: str, g: str) -> list[str]:
  return [rf"L_D = {d}", rf"L_G = {g}"]


_NON_SATURATING_D = rf"E\,\zeta(-{_REAL}) + E\,\zeta({_FAKE})"
_NON_SATURATING = _losses(_NON_SATURATING_D, rf"E\,\zeta(-{_FAKE})")
_MINIMAX = _losses(_NON_SATURATING_D, rf"-E\,\zeta({_FAKE})")
_WASSERSTEIN = _losses(rf"E\,{_FAKE} - E\,{_REAL}", rf"-E\,{_FAKE}")
_HINGE = _losses(rf"E\,[1 - {_REAL}]_+ + E\,[1 + {_FAKE}]_+", rf"-E\,{_FAKE}")
_R, _F = rf"{_REAL} - E\,{_FAKE}", rf"{_FAKE} - E\,{_REAL}"
_RELATIVISTIC = _losses(
  rf"E\,\zeta(-({_R})) + E\,\zeta({_F})",
  rf"E\,\zeta(-({_F})) + E\,\zeta({_R})",
)

LOSSES: dict[str, list[str]] = {
  "non_saturating": _NON_SATURATING,
  "logistic": _NON_SATURATING,
  "minimax": _MINIMAX,
  "wasserstein": _WASSERSTEIN,
  "hinge": _HINGE,
  "least_squares": _losses(
    rf"\frac{{1}}{{2}} E\,(\sigma({_REAL}) - 1)^2"
    rf" + \frac{{1}}{{2}} E\,\sigma({_FAKE})^2",
    rf"\frac{{1}}{{2}} E\,(\sigma({_FAKE}) - 1)^2",
  ),
  "lsgan": _losses(
    rf"\frac{{1}}{{2}} E\,({_REAL} - b)^2"
    rf" + \frac{{1}}{{2}} E\,({_FAKE} - a)^2",
    rf"\frac{{1}}{{2}} E\,({_FAKE} - c)^2",
  ),
  "soft_hinge": _losses(
    rf"\tau E\,\zeta((1 - {_REAL}) / \tau)"
    rf" + \tau E\,\zeta((1 + {_FAKE}) / \tau)",
    rf"-E\,{_FAKE}",
  ),
  "relativistic_average": _RELATIVISTIC,
  "relativistic_average_hinge": _losses(
    rf"E\,[1 - ({_R})]_+ + E\,[1 + ({_F})]_+",
    rf"E\,[1 - ({_F})]_+ + E\,[1 + ({_R})]_+",
  ),
  "relativistic_paired": _losses(
    r"E_i\,\zeta(D(\hat x_i) - D(x_i))", r"E_i\,\zeta(D(x_i) - D(\hat x_i))"
  ),
  "dual_contrastive": _losses(
    r"E_i \log(1 + \sum_j e^{D(\hat x_j) - D(x_i)})"
    r" + E_j \log(1 + \sum_i e^{D(\hat x_j) - D(x_i)})",
    r"E_i \log(1 + \sum_j e^{D(x_j) - D(\hat x_i)})"
    r" + E_j \log(1 + \sum_i e^{D(x_j) - D(\hat x_i)})",
  ),
  "tfgan.wasserstein_loss": _WASSERSTEIN,
  "tfgan.wasserstein_hinge_loss": _losses(
    rf"E\,[h - {_REAL}]_+ + E\,[\hat h + {_FAKE}]_+", rf"-E\,{_FAKE}"
  ),
  "tfgan.minimax_loss": _losses(
    rf"E\,\zeta(-{_REAL}) + s\, E\,{_REAL} + E\,\zeta({_FAKE})",
    r"-L_D",
  ),
  "tfgan.modified_loss": _losses(
    rf"E\,\zeta(-{_REAL}) + s\, E\,{_REAL} + E\,\zeta({_FAKE})",
    rf"E\,\zeta(-{_FAKE})",
  ),
  "tfgan.least_squares_loss": _losses(
    rf"\frac{{1}}{{2}} E\,({_REAL} - b)^2"
    rf" + \frac{{1}}{{2}} E\,({_FAKE} - a)^2",
    rf"\frac{{1}}{{2}} E\,({_FAKE} - b)^2",
  ),
  "tfgan.relativistic_loss": _RELATIVISTIC,
}

_AT = r"\tilde x"
_SLOPE_AT = _SLOPE % (_AT, _AT)
_SLOPE_REAL = _SLOPE % ("x", "x")
_SLOPE_FAKE = _SLOPE % (r"\hat x", r"\hat x")
_BETWEEN = r"\tilde x = x + a (\hat x - x), \quad a \sim U[0, 1)"

PENALTIES: dict[str, list[str]] = {
  "no_penalty": ["0"],
  "gradient_penalty": [rf"E\,({_SLOPE_AT} - t)^2", _BETWEEN],
  "lipschitz_penalty": [rf"E\,[{_SLOPE_AT} - 1]_+^2", _BETWEEN],
  "zero_centered_penalty": [rf"E\,{_SLOPE_AT}^2", _BETWEEN],
  "max_gradient_penalty": [rf"\max_i {_SLOPE_AT}_i^2", _BETWEEN],
  "wgangp_penalty": [rf"E\,({_SLOPE_AT} - 1)^2", _BETWEEN],
  "dragan_penalty": [
    rf"E\,({_SLOPE_AT} - 1)^2",
    r"\tilde x = x + s\, (u - \frac{1}{2}), \quad u \sim U[0, 1)",
  ],
  "r1": [rf"\frac{{1}}{{2}} E\,{_SLOPE_REAL}^2"],
  "r2": [rf"\frac{{1}}{{2}} E\,{_SLOPE_FAKE}^2"],
  "r1_r2": [
    rf"\frac{{1}}{{2}} E\,{_SLOPE_REAL}^2 + \frac{{1}}{{2}} E\,{_SLOPE_FAKE}^2"
  ],
  "r1_penalty": [rf"\frac{{1}}{{2}} E\,{_SLOPE_REAL}^2"],
  "r2_penalty": [rf"\frac{{1}}{{2}} E\,{_SLOPE_FAKE}^2"],
  "joint_r1_penalty": [
    r"\frac{1}{2} E\,(\lVert \nabla_x D(x, E(x)) \rVert^2"
    r" + \lVert \nabla_{c} D(x, c) \rVert^2), \quad c = E(x)"
  ],
  "l2_penalty": [r"\frac{1}{n} \sum_{k=1}^{n} \frac{1}{2} \lVert W_k \rVert^2"],
  "orthogonal_penalty": [
    r"f \sum_k \lVert W_k^\top W_k \odot (1 - I) \rVert^2"
  ],
  "soft_orthogonal": [r"\sum_k \lVert W_k^\top W_k - I \rVert^2"],
  "double_soft_orthogonal": [
    r"\sum_k (\lVert W_k^\top W_k - I \rVert^2"
    r" + \lVert W_k W_k^\top - I \rVert^2)"
  ],
  "mutual_coherence": [r"\sum_k \max_{ij} |(W_k^\top W_k - I)_{ij}|"],
  "srip": [r"\sum_k \sigma(W_k^\top W_k - I)"],
  "spectral_regularization": [r"\frac{1}{2} \sum_k \sigma(W_k)^2"],
  "feature_matching": [r"\lVert E\,f(x) - E\,f(\hat x) \rVert^2"],
  "cr": [r"E\,(D(x) - D(T(x)))^2"],
  "bcr": [r"r\, E\,(D(x) - D(T(x)))^2 + f\, E\,(D(\hat x) - D(T(\hat x)))^2"],
  "zcr": [r"E\,(D(G(z)) - D(G(z + s n)))^2, \quad n \sim N(0, I)"],
  "zcr_diversity": [r"-E\,(G(z) - G(z + s n))^2, \quad n \sim N(0, I)"],
  "cycle_consistency": [r"E\,|x - G(E(x), y)|"],
  "lecam": [r"E\,(D(x) - a_F)^2 + E\,(D(\hat x) - a_R)^2"],
  "lecam_penalty": [r"E\,(D(x) - a_F)^2 + E\,(D(\hat x) - a_R)^2"],
  "path_length": [
    r"E_i\,(l_i - a)^2",
    r"l_i = \lVert \nabla_{w_i} \langle G(w_i), n_i \rangle \rVert,"
    r" \quad n_i \sim N(0, I / (H W))",
  ],
}

_MMD = r"E\,k(x, y) + E\,k(\hat x, \hat y) - 2 E\,k(x, \hat x)"
_FRECHET = (
  r"\lVert \mu - \hat\mu \rVert^2 + \mathrm{tr}(\Sigma + \hat\Sigma"
  r" - 2 (\Sigma \hat\Sigma)^{1/2})"
)
_CUBIC = r"k(x, y) = (\frac{x^\top y}{d} + 1)^3"

# x and \hat x are rows of features here; d is their number.
METRICS: dict[str, list[str]] = {
  "fid": [_FRECHET],
  "fd": [_FRECHET],
  "intra_fid": [
    r"\lVert \mu_c - \hat\mu_c \rVert^2 + \mathrm{tr}(\Sigma_c"
    r" + \hat\Sigma_c - 2 (\Sigma_c \hat\Sigma_c)^{1/2})"
  ],
  "fid_infinity": [
    r"\mathrm{FID}(n) \approx \mathrm{FID}_\infty + \frac{c}{n}"
  ],
  "kid": [_MMD, _CUBIC],
  "kid_blocks": [_MMD, _CUBIC],
  "kid_subsets": [_MMD, _CUBIC],
  "cmmd": [
    rf"1000\, ({_MMD})",
    r"k(x, y) = e^{-\lVert x - y \rVert^2 / (2 s^2)}, \quad s = 10",
  ],
  "inception_score": [r"\exp E_x\, \mathrm{KL}(p(y | x) \,\Vert\, p(y))"],
  "precision_recall": [
    r"\mathrm{precision} = P(\hat x \in \bigcup_i B(x_i, r_k(x_i)))",
    r"\mathrm{recall} = P(x \in \bigcup_j B(\hat x_j, r_k(\hat x_j)))",
  ],
  "density_coverage": [
    r"\mathrm{density} = \frac{1}{k}\, E_{\hat x}\,"
    r" \#\{i : \hat x \in B(x_i, r_k(x_i))\}",
    r"\mathrm{coverage} = P_i(\exists\, \hat x \in B(x_i, r_k(x_i)))",
  ],
  "p_precision_recall": [
    r"\mathrm{precision} = E_{\hat x}\,"
    r" (1 - \prod_i \min(1, \lVert \hat x - x_i \rVert / R))",
    r"\mathrm{recall} = E_{x}\,"
    r" (1 - \prod_j \min(1, \lVert x - \hat x_j \rVert / \hat R))",
  ],
  "prd": [
    r"\alpha(\lambda) = \sum_i \min(\lambda p_i, q_i), \quad"
    r" \beta(\lambda) = \alpha(\lambda) / \lambda",
    r"F_b = \max_\lambda (1 + b^2)\,"
    r" \frac{\alpha \beta}{b^2 \alpha + \beta}",
  ],
  "realism": [r"\max_i \frac{r_k(x_i)}{\lVert \hat x - x_i \rVert}"],
  "authpct": [
    r"100\, P(\lVert \hat x - t \rVert > \min_{s \ne t}"
    r" \lVert t - s \rVert), \quad t = \mathrm{nn}(\hat x)"
  ],
  "data_copying": [
    r"C_T = E_c\, Z_U(\{d(\hat x)\}_c, \{d(x)\}_c), \quad"
    r" d(x) = \min_t \lVert x - t \rVert"
  ],
  "memorization": [
    r"P(d(\hat x) < d(x)), \quad d(x) = \min_t \lVert x - t \rVert"
  ],
  "duplicates": [
    r"P(d(\hat x) < q_{0.01}), \quad q: \min_{s \ne t} \lVert t - s \rVert"
  ],
  "fls": [
    r"100\, \exp(-\frac{2}{d}"
    r" (\mathrm{NLL}_{\hat x} - \mathrm{NLL}_{x}))"
  ],
  "fld": [r"\frac{100}{d} (\mathrm{NLL}_{\hat x} - \mathrm{NLL}_{x})"],
  "fractal_dimension": [
    r"\frac{\mathrm{d} \log N(r)}{\mathrm{d} \log r}, \quad"
    r" N(r) = \#\{i, j : \lVert \hat x_i - \hat x_j \rVert < r\}"
  ],
  "gilbo": [r"E\, \log \frac{q(z | G(z))}{p(z)} \le I(G(z); z)"],
  "jacobian_conditioning": [
    r"\kappa(J^\top J) = (\sigma_{\max}(J) / \sigma_{\min}(J))^2, \quad"
    r" J = \frac{\partial G(z)}{\partial z}"
  ],
  "mind": [r"3 d\, E_u\, W_2^2(u^\top x, u^\top \hat x)"],
  "sliced_wasserstein": [r"E_u\, W_1(u^\top x, u^\top \hat x)"],
  "sw_approx": [
    r"(\frac{1}{d} \lVert \mu - \hat\mu \rVert^2"
    r" + (v^{1/2} - \hat v^{1/2})^2)^{1/2}"
  ],
  "vendi": [
    r"\exp(-\sum_i \lambda_i \log \lambda_i), \quad"
    r" \lambda = \mathrm{eig}(K / n), \quad K_{ij} = \cos(\hat x_i, \hat x_j)"
  ],
  "vendi_of_classes": [r"E_c\, \mathrm{Vendi}(\{\hat x : y = c\})"],
  "reconstruction": [r"E\, |x - G(E(x))|, \quad E\, (x - G(E(x)))^2"],
  "conditional_accuracy": [r"P(\mathrm{argmax}\, c(G(z, y)) = y)"],
}

# Scores that are the accuracy or the statistics of a whole procedure, which
# their descriptions say better than a formula.
WITHOUT = frozenset(
  {
    "classification_accuracy_score",
    "discriminator_svm",
    "duplicate_images",
    "linear_probe",
    "linear_probe_features",
    "ms_ssim",
  }
)


def of(name: str) -> list[str]:
  """Returns the lines of LaTeX of a name, none if it has none."""
  for known in (LOSSES, PENALTIES, METRICS):
    if name in known:
      return known[name]
  return []
