# Least squares, counts and Newey-West by stats, MASS and sandwich, for tests/estimation/test_regression.py.
# Run in this folder: Rscript estimation_regression.R
library(MASS)
library(sandwich)

rows <- list()
keep <- function(case, coefficients, covariance, more = c()) {
  rows[[length(rows) + 1]] <<- data.frame(
    case = case,
    quantity = c(paste0("coefficient ", seq_along(coefficients)), paste0("se ", seq_along(coefficients)), names(more)),
    value = c(coefficients, sqrt(diag(covariance)), more)
  )
}

d <- data.frame(
  drivers = as.numeric(Seatbelts[, "drivers"]), killed = as.numeric(Seatbelts[, "VanKilled"]),
  kms = as.numeric(Seatbelts[, "kms"]), time = 0:191
)
d$level <- as.numeric(d$time >= 169)
d$slope <- pmax(d$time - 169, 0)

linear <- lm(log(drivers) ~ time + level + slope, d)
keep("ordinary", coef(linear), vcov(linear), c(scale = summary(linear)$sigma^2))
weighted <- lm(log(drivers) ~ time + level + slope, d, weights = kms)
keep("weighted", coef(weighted), vcov(weighted), c(scale = summary(weighted)$sigma^2))
keep("newey_west", coef(linear), NeweyWest(linear, lag = 4, prewhite = FALSE, adjust = TRUE))
keep("newey_west plain", coef(linear), NeweyWest(linear, lag = 6, prewhite = FALSE, adjust = FALSE))

tight <- glm.control(epsilon = 1e-14, maxit = 100)
poisson_fit <- glm(killed ~ time + level + slope + offset(log(kms)), poisson, d, control = tight)
keep("poisson", coef(poisson_fit), vcov(poisson_fit), c(log_likelihood = as.numeric(logLik(poisson_fit))))
keep("poisson newey_west", coef(poisson_fit), NeweyWest(poisson_fit, lag = 4, prewhite = FALSE, adjust = TRUE))
quasi <- glm(killed ~ time + level + slope + offset(log(kms)), quasipoisson, d, control = tight)
keep("quasi_poisson", coef(quasi), vcov(quasi), c(dispersion = summary(quasi)$dispersion))

nb <- glm.nb(drivers ~ time + level + slope + offset(log(kms)), d, control = glm.control(epsilon = 1e-12, maxit = 200))
keep("negative_binomial", coef(nb), vcov(nb),
  c(dispersion = 1 / nb$theta, log_likelihood = as.numeric(logLik(nb))))
keep("negative_binomial newey_west", coef(nb), NeweyWest(nb, lag = 4, prewhite = FALSE, adjust = TRUE))

out <- do.call(rbind, rows)
out$value <- sprintf("%.10g", out$value)
write.csv(out, "estimation_regression.csv", row.names = FALSE, quote = FALSE)
