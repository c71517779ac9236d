# Regression with ARIMA errors by stats::arima, for tests/estimation/test_arima.py.
# Run in this folder: Rscript estimation_arima.R
rows <- list()
# Exact likelihood with Rossignol's start (the default's, by Gardner, is inexact near the edge), and tight optimisation.
# Terms come on a scale of about 1, since the second derivative takes steps of one size in every parameter.
keep <- function(case, outcome, terms, order, scale) {
  parameters <- ncol(terms) + order[1] + order[3]
  fit <- arima(outcome,
    order = order, xreg = sweep(terms, 2, scale, "/"), include.mean = FALSE, method = "ML", SSinit = "Rossignol2011",
    transform.pars = FALSE, optim.control = list(reltol = 1e-14, maxit = 5000, ndeps = rep(1e-4, parameters))
  )
  at <- seq(to = parameters, length.out = ncol(terms))
  rows[[length(rows) + 1]] <<- data.frame(
    case = case,
    quantity = c(
      paste0("coefficient ", seq_len(ncol(terms))), paste0("se ", seq_len(ncol(terms))),
      if (order[1]) paste0("ar ", seq_len(order[1])), if (order[3]) paste0("ma ", seq_len(order[3])),
      "log_likelihood", "variance"
    ),
    value = c(
      coef(fit)[at] / scale, sqrt(diag(vcov(fit)))[at] / scale, coef(fit)[seq_len(order[1] + order[3])],
      fit$loglik, fit$sigma2
    )
  )
}

d <- data.frame(drivers = as.numeric(Seatbelts[, "drivers"]), time = 0:191)
d$month <- factor(d$time %% 12)
d$level <- as.numeric(d$time >= 169) # February 1983
d$slope <- pmax(d$time - 169, 0)
terms <- model.matrix(~ time + month + level + slope, d)
scale <- ifelse(colnames(terms) %in% c("time", "slope"), 100, 1)
outcome <- log(d$drivers)
keep("seatbelts 1 0 0", outcome, terms, c(1, 0, 0), scale)
keep("seatbelts 2 0 1", outcome, terms, c(2, 0, 1), scale)
keep("seatbelts 0 0 2", outcome, terms, c(0, 0, 2), scale)
keep("seatbelts 0 1 1", outcome, terms[, -1], c(0, 1, 1), scale[-1])
keep("seatbelts 1 1 1", outcome, terms[, -1], c(1, 1, 1), scale[-1])

holes <- outcome
holes[c(5, 6, 40, 171)] <- NA
keep("holes 1 0 1", holes, terms, c(1, 0, 1), scale)
keep("holes 0 1 1", holes, terms[, -1], c(0, 1, 1), scale[-1])

short <- read.csv("estimation_short_series.csv")
few <- as.matrix(cbind(1, short[, c("time", "level", "slope")]))
keep("short 1 0 0", short$outcome, few, c(1, 0, 0), c(1, 10, 1, 10))

# Every order that is tried before the law, with one difference; the constant is differenced away.
before <- d$time < 169
early <- terms[before, c("time", paste0("month", 1:11))] / 100
for (p in 0:3) for (q in 0:(3 - p)) {
  fit <- arima(outcome[before],
    order = c(p, 1, q), xreg = early, include.mean = FALSE, method = "ML", SSinit = "Rossignol2011",
    optim.control = list(reltol = 1e-12, maxit = 5000)
  )
  m <- ncol(early) + p + q + 1
  n <- sum(before) - 1
  rows[[length(rows) + 1]] <- data.frame(
    case = "before 169", quantity = paste("aicc", p, q), value = -2 * fit$loglik + 2 * m * n / (n - m - 1)
  )
}

out <- do.call(rbind, rows)
out$value <- sprintf("%.10g", out$value)
write.csv(out, "estimation_arima.csv", row.names = FALSE, quote = FALSE)
