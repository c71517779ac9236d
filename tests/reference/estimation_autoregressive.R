# Restricted-likelihood AR(1) regression by nlme, for tests/estimation/test_autoregressive.py.
# Run in this folder: Rscript estimation_autoregressive.R
library(nlme)

# gls finds rho to about six digits; here its own restricted likelihood is maximised to more by optimise(), with rho
# held fixed in each call, and gls reports the rest at that rho. Six digits are kept: a likelihood is flat at its top.
rows <- list()
keep <- function(case, formula, data, structure) {
  at <- function(rho) gls(formula, data, correlation = structure(rho), method = "REML")
  rho <- optimise(function(rho) as.numeric(logLik(at(rho))), c(0.01, 0.98), maximum = TRUE, tol = 1e-9)$maximum
  fit <- at(rho)
  free <- gls(formula, data, correlation = structure(rho, fixed = FALSE), method = "REML")
  stopifnot(abs(coef(free$modelStruct$corStruct, unconstrained = FALSE) - rho) < 1e-4)
  rows[[length(rows) + 1]] <<- data.frame(
    case = case,
    quantity = c(paste0("coefficient ", seq_along(coef(fit))), paste0("se ", seq_along(coef(fit))), "rho", "sigma"),
    value = c(coef(fit), sqrt(diag(vcov(fit))), rho, fit$sigma)
  )
}
even <- function(rho, fixed = TRUE) corAR1(rho, form = ~time, fixed = fixed)
uneven <- function(rho, fixed = TRUE) corCAR1(rho, form = ~time, fixed = fixed)

seatbelts <- data.frame(drivers = as.numeric(Seatbelts[, "drivers"]), time = 0:191)
seatbelts$month <- factor(seatbelts$time %% 12)
start <- 169 # February 1983
seatbelts$level <- as.numeric(seatbelts$time >= start)
seatbelts$slope <- pmax(seatbelts$time - start, 0)
keep("seatbelts", log(drivers) ~ time + month + level + slope, seatbelts, even)

set.seed(7)
short <- data.frame(time = 0:23)
short$level <- as.numeric(short$time >= 14)
short$slope <- pmax(short$time - 14, 0)
short$outcome <- round(20 + 0.2 * short$time - 3 * short$level +
  as.numeric(arima.sim(list(ar = 0.5), 24)), 4)
keep("short", outcome ~ time + level + slope, short, even)

holes <- short[!(short$time %in% c(3, 4, 9, 17)), ]
keep("holes", outcome ~ time + level + slope, holes, uneven)

write.csv(short, "estimation_short_series.csv", row.names = FALSE)
out <- do.call(rbind, rows)
out$value <- sprintf("%.6g", out$value)
write.csv(out, "estimation_autoregressive.csv", row.names = FALSE, quote = FALSE)
