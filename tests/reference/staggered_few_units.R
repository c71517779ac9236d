# Cluster-robust covariances by sandwich, for tests/estimation/test_cluster_robust.py.
# Run in this folder, after staggered_few_units.py has written the panel: Rscript staggered_few_units.R
# R 4.2 or later, sandwich 3.0 or later.
library(sandwich)

d <- read.csv("staggered_few_units_panel.csv")
rows <- list()
keep <- function(case, covariance) {
  rows[[length(rows) + 1]] <<- data.frame(
    case = case, quantity = c("se 1", "se 2"), value = sqrt(diag(covariance))[c("treatment", "covariate")]
  )
}

# Clusters that cross units: every effect a column. HC2 and HC3 of vcovCL are Bell and McCaffrey's.
long <- lm(outcome ~ treatment + covariate + factor(unit) + factor(period), d)
keep("sandwich HC2 crossed", vcovCL(long, d$crossed, type = "HC2", cadjust = FALSE))
keep("sandwich HC3 crossed", vcovCL(long, d$crossed, type = "HC3", cadjust = FALSE))

# Units nested in clusters: unit means are taken out first (theorem 2 of Pustejovsky and Tipton), since unit effects as
# columns would leave nothing of a cluster's own residuals in some direction.
weighted <- function(w, name) {
  less <- function(x) x - ave(w * x, d$unit, FUN = sum) / ave(w, d$unit, FUN = sum)
  periods <- sapply(sort(unique(d$period))[-1], function(p) less(as.numeric(d$period == p)))
  y <- sqrt(w) * less(d$outcome)
  x <- sqrt(w) * cbind(treatment = less(d$treatment), covariate = less(d$covariate), periods)
  colnames(x)[-(1:2)] <- paste0("period", seq_len(ncol(periods)))
  short <- lm(y ~ 0 + ., data.frame(y = y, x))
  for (cluster in c("unit", "cluster")) {
    keep(paste("sandwich HC2", cluster, name), vcovCL(short, d[[cluster]], type = "HC2", cadjust = FALSE))
    keep(paste("sandwich HC3", cluster, name), vcovCL(short, d[[cluster]], type = "HC3", cadjust = FALSE))
  }
}
weighted(rep(1, nrow(d)), "plain")
weighted(d$weight, "weighted")

# CR3 as a jackknife, each cluster left out in turn and every effect estimated anew.
coefficients <- coef(long)[c("treatment", "covariate")]
for (cluster in c("cluster", "crossed")) {
  groups <- unique(d[[cluster]])
  moved <- sapply(groups, function(g) {
    coef(lm(outcome ~ treatment + covariate + factor(unit) + factor(period), d[d[[cluster]] != g, ]))[
      c("treatment", "covariate")] - coefficients
  })
  covariance <- (length(groups) - 1) / length(groups) * moved %*% t(moved)
  dimnames(covariance) <- list(c("treatment", "covariate"), c("treatment", "covariate"))
  keep(paste("jackknife", cluster), covariance)
}

out <- do.call(rbind, rows)
out$value <- sprintf("%.10g", out$value)
write.csv(out, "staggered_few_units_sandwich.csv", row.names = FALSE, quote = FALSE)
