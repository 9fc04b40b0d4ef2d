# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What the registry has on the Windows firewall besides its rules. The private profile has its former name there, standard.

$script:Policies = 'HKLM:\SOFTWARE\Policies\Microsoft\WindowsFirewall'
$script:Settings = 'HKLM:\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy'

Function Get-FwRegistryValue {
    # The values of a registry key by name; none where there is no such key.
    Param([string]$Path)
    $values = [ordered]@{}
    $key = Get-Item -LiteralPath $Path -ErrorAction SilentlyContinue
    if ($key) {
        foreach ($name in $key.GetValueNames()) { $values[$name] = $key.GetValue($name) }
    }
    $values
}

Function Get-FwLogging {
    # What a profile logs, by the local settings; an empty path and size 0 where Windows' defaults hold.
    Param([string]$Key)
    $values = Get-FwRegistryValue -Path "$script:Settings\$Key\Logging"
    [ordered]@{
        log_allowed = [bool]$values['LogSuccessfulConnections']
        log_dropped = [bool]$values['LogDroppedPackets']
        log_file = [string]$values['LogFilePath']
        log_size = [int]$values['LogFileSize']
    }
}

Function Get-FwLogFile {
    # The files that the profiles log to, each once, and those that Windows renames when they are full.
    $files = @(foreach ($key in 'DomainProfile', 'StandardProfile', 'PublicProfile') {
            $file = (Get-FwLogging -Key $key).log_file
            if (-not $file) { $file = '%SystemRoot%\System32\LogFiles\Firewall\pfirewall.log' }
            $file = [System.Environment]::ExpandEnvironmentVariables($file)
            $file
            "$file.old"
        })
    $files | Sort-Object -Unique
}

Function Get-FwGroupPolicy {
    # What group policy says of the firewall: rule strings, and the values of each profile and of its logging.
    $rules = Get-FwRegistryValue -Path "$script:Policies\FirewallRules"
    $values = [ordered]@{}
    foreach ($name in 'DomainProfile', 'PrivateProfile', 'StandardProfile', 'PublicProfile') {
        foreach ($key in $name, "$name\Logging") {
            $found = Get-FwRegistryValue -Path "$script:Policies\$key"
            if ($found.Count) { $values[$key] = $found }
        }
    }
    [ordered]@{ rules = $rules; values = $values }
}

Export-ModuleMember -Function 'Get-FwLogging', 'Get-FwLogFile', 'Get-FwGroupPolicy'
