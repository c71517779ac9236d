# Numbers that tests/estimation/test_placebo.py and test_prediction.py expect: the seat-belt series at pretend dates with
# the autocorrelation held, and the prediction interval of a sum. Run from tests/reference:
#   Rscript estimation_placebo.R
library(nlme)

rows <- list()
keep <- function(case, quantity, value) {
  rows[[length(rows) + 1]] <<- data.frame(case = case, quantity = quantity, value = sprintf("%.12g", value))
}

drivers <- as.numeric(datasets::Seatbelts[, "drivers"])
series <- data.frame(y = log(drivers), t = seq_along(drivers) - 1)
series$month <- factor(series$t %% 12)

# Level and slope at date s, the 23 months from it on, nothing of what comes later; the true start is 169.
at_date <- function(s, last) {
  d <- series[series$t <= min(s + 22, last), ]
  d$level <- as.numeric(d$t >= s)
  d$slope <- pmax(d$t - s, 0)
  after <- d$t >= s
  weights <- c(mean(d$level[after]), mean(d$slope[after]))
  list(data = d, weights = weights)
}

for (rho in c(0, 0.5)) {
  for (s in c(30, 61, 100, 150, 165, 169)) {
    set <- at_date(s, if (s == 169) 191 else 168)
    fit <- gls(y ~ t + month + level + slope, set$data, method = "REML",
               correlation = corAR1(rho, form = ~ t, fixed = TRUE))
    terms <- c("level", "slope")
    keep(paste("rho", rho, "date", s), "value", sum(set$weights * coef(fit)[terms]))
    keep(paste("rho", rho, "date", s), "se", sqrt(drop(set$weights %*% vcov(fit)[terms, terms] %*% set$weights)))
    keep(paste("rho", rho, "date", s), "df", nrow(set$data) - length(coef(fit)))
  }
}

# A quasi-Poisson count regression at pretend dates.
for (s in c(61, 150)) {
  set <- at_date(s, 168)
  set$data$count <- round(exp(set$data$y))
  fit <- glm(count ~ t + month + level + slope, quasipoisson, set$data, control = list(epsilon = 1e-13))
  terms <- c("level", "slope")
  keep(paste("quasi-Poisson date", s), "value", sum(set$weights * coef(fit)[terms]))
  keep(paste("quasi-Poisson date", s), "se", sqrt(drop(set$weights %*% vcov(fit)[terms, terms] %*% set$weights)))
}

# A single period after, with a level of its own: what would have been seen there is predict's prediction interval.
before <- series[series$t < 169, ]
fit <- lm(y ~ t + month, before)
expected <- predict(fit, series[series$t == 169, ], interval = "prediction")
for (name in c("fit", "lwr", "upr")) keep("prediction", name, expected[1, name])

write.csv(do.call(rbind, rows), "estimation_placebo.csv", row.names = FALSE, quote = TRUE)
