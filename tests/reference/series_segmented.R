# Segmented regressions by stats, splines, nlme and sandwich, for tests/studies/test_published_series.py and
# tests/estimation/test_segmented.py. Run in this folder: Rscript series_segmented.R FOLDER/california_prop99.csv
#
# california_prop99.csv: packs of cigarettes sold per head, 39 states, 1970 to 2000, a column a state; the data of
# Abadie, Diamond and Hainmueller (2010), Journal of the American Statistical Association 105, 493-505, which Linden
# (2015) uses. It lies in the folder causalpy/data of the Python package CausalPy 0.9.0. Its numbers went through single
# precision; they are rounded back to one decimal, as they were published.
library(nlme)
library(sandwich)
library(splines)

rows <- list()
keep <- function(case, names, values) {
  rows[[length(rows) + 1]] <<- data.frame(case = case, quantity = names, value = values)
}
keep_fit <- function(case, coefficients, covariance) {
  keep(case, paste("coefficient", names(coefficients)), unname(coefficients))
  keep(case, paste("se", names(coefficients)), unname(sqrt(diag(covariance))))
}

# Counts with exposure (per 1,000 of kms) and two pairs of waves: many events with over-dispersion, and few.
belts <- data.frame(drivers = as.numeric(Seatbelts[, "drivers"]), VanKilled = as.numeric(Seatbelts[, "VanKilled"]),
  kms = as.numeric(Seatbelts[, "kms"]), t = 0:191)
w <- 2 * pi * belts$t / 12
belts$level <- as.numeric(belts$t >= 169)
belts$slope <- pmax(belts$t - 169, 0)
tight <- glm.control(epsilon = 1e-14, maxit = 100)
waves <- c("t", "sin(w)", "cos(w)", "sin(2 * w)", "cos(2 * w)", "level", "offset(log(kms / 1000))")
counts <- function(case, outcome, family) {
  level <- glm(reformulate(waves, outcome), family, belts, control = tight)
  slope <- update(level, . ~ . + slope)
  keep_fit(paste(case, "level"), coef(level), vcov(level))
  keep_fit(paste(case, "level_and_slope"), coef(slope), vcov(slope))
}
counts("quasi_poisson drivers", "drivers", quasipoisson)
counts("poisson VanKilled", "VanKilled", poisson)

# One state, and one state beside the mean of the others: least squares, Newey-West with one lag.
wide <- read.csv(commandArgs(trailingOnly = TRUE)[1], check.names = FALSE)
packs <- data.frame(state = rep(names(wide)[-1], each = nrow(wide)), year = wide$Year,
  packs = round(unlist(wide[-1], use.names = FALSE), 1))
one <- subset(packs, state == "California")
rest <- aggregate(packs ~ year, subset(packs, state != "California"), mean)
year <- 0:30
after <- as.numeric(year >= 19)
since <- pmax(year - 19, 0)
alone <- lm(one$packs ~ year + after + since)
keep_fit("california", coef(alone), vcov(alone))
keep("california newey_west", paste("se", names(coef(alone))),
  unname(sqrt(diag(NeweyWest(alone, lag = 1, prewhite = FALSE, adjust = TRUE)))))
beside <- lm(rest$packs ~ year + after + since)
keep("controls newey_west", paste("se", names(coef(beside))),
  unname(sqrt(diag(NeweyWest(beside, lag = 1, prewhite = FALSE, adjust = TRUE)))))
z <- rep(c(1, 0), each = 31)
stacked <- data.frame(y = c(one$packs, rest$packs), z = z, t = rep(year, 2), x = rep(after, 2), xt = rep(since, 2))
groups <- lm(y ~ t + z + z:t + x + xt + z:x + z:xt, stacked)
keep_fit("groups", coef(groups), vcov(groups))
whole <- data.frame(y = packs$packs, z = as.numeric(packs$state == "California"), t = packs$year - 1970)
whole$x <- as.numeric(whole$t >= 19)
whole$xt <- pmax(whole$t - 19, 0)
keep("groups by rows", paste("coefficient", names(coef(groups))),
  unname(coef(lm(y ~ t + z + z:t + x + xt + z:x + z:xt, whole))))

# Shapes, curved trends and waves on the seat-belt series, errors AR(1) by restricted likelihood.
belts <- data.frame(y = log(as.numeric(Seatbelts[, "drivers"])), t = 0:191)
belts$s1 <- sin(2 * pi * belts$t / 12)
belts$c1 <- cos(2 * pi * belts$t / 12)
belts$level <- as.numeric(belts$t >= 169)
belts$slope <- pmax(belts$t - 169, 0)
belts$pulse <- as.numeric(belts$t >= 169 & belts$t < 175)
belts$ramp <- pmin((belts$t - 168) / 6, 1) * (belts$t >= 169)
belts$delayed <- as.numeric(belts$t >= 172)
belts$other <- as.numeric(belts$t >= 58)
exact <- glsControl(tolerance = 1e-12, msTol = 1e-12, maxIter = 500, msMaxIter = 500)
ar <- function(case, formula, term, data = belts) {
  fit <- gls(formula, data, correlation = corAR1(form = ~t), method = "REML", control = exact)
  keep(case, c("coefficient", "se", "rho"), c(coef(fit)[[term]], sqrt(vcov(fit)[term, term]),
    coef(fit$modelStruct$corStruct, unconstrained = FALSE)))
}
ar("pulse", y ~ t + s1 + c1 + pulse, "pulse")
ar("ramp", y ~ t + s1 + c1 + ramp, "ramp")
ar("delayed", y ~ t + s1 + c1 + delayed, "delayed")
ar("quadratic", y ~ t + I(t^2) + s1 + c1 + level, "level")
knots <- quantile(0:168, (0:4) / 4)
belts[c("n1", "n2", "n3", "n4")] <- ns(belts$t, knots = knots[2:4], Boundary.knots = knots[c(1, 5)])
ar("spline", y ~ n1 + n2 + n3 + n4 + s1 + c1 + level, "level")
ar("other", y ~ t + s1 + c1 + other + level, "level")

# The basis alone: least squares on it, at every tenth month.
basis <- lm(y ~ n1 + n2 + n3 + n4, belts)
keep("basis", paste("fitted", seq(0, 190, 10)), unname(fitted(basis))[seq(1, 191, 10)])

table <- do.call(rbind, rows)
table$value <- formatC(table$value, digits = 12, format = "g")
write.csv(table, "series_segmented.csv", row.names = FALSE, quote = FALSE)
